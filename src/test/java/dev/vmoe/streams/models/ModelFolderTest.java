package dev.vmoe.streams.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.vmoe.importer.convert.SourceSums;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFolderTest {

  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  private static final String OTHER =
      "d2cd9c4ed9f2b8cd6e0f8eb4b7d0fdad8c2fd2c6d1f9a1a0f5f9a5dd0e0f3a11";

  @TempDir Path folder;
  private Path models;

  @BeforeEach
  void makeModels() throws IOException {
    models = Files.createDirectories(folder.resolve("models"));
    for (String name : new String[] {"b", "a-1.0", ".graphs", "no name"}) {
      Files.createDirectories(models.resolve(name));
      Files.writeString(models.resolve(name).resolve("model.onnx"), "graph of " + name);
    }
    Files.createDirectories(models.resolve("empty"));
    Files.createDirectories(folder.resolve("outside"));
    Files.writeString(folder.resolve("outside/model.onnx"), "not to be read");
  }

  @Test
  void shouldNameFoldersThatHoldAModel() throws IOException {
    assertThat(new ModelFolder(models).names()).containsExactly("a-1.0", "b");
  }

  @Test
  void shouldFindAModelByItsNameAndAnyFileByItsPath() throws IOException {
    Settings settings = new Settings(Map.of("models.dir", models.toString()));

    assertThat(ModelFolder.graph(settings, "b")).isEqualTo(models.resolve("b/model.onnx"));
    assertThat(ModelFolder.graph(settings, models.resolve("b").toString()))
        .isEqualTo(models.resolve("b/model.onnx"));
    Path file = folder.resolve("outside/model.onnx");
    assertThat(ModelFolder.graph(settings, file.toString())).isEqualTo(file);
    assertThat(ModelFolder.graph(settings, "b.onnx")).isEqualTo(Path.of("b.onnx"));
  }

  @Test
  void shouldSayWhichModelsThereAre() {
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> new ModelFolder(models).graph("empty"))
        .withMessageContaining("no model 'empty' in")
        .withMessageEndingWith("there are: a-1.0, b");
    Settings nowhere = new Settings(Map.of("models.dir", folder.resolve("none").toString()));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> ModelFolder.of(nowhere))
        .withMessageContaining("models.dir: no folder");
  }

  @Test
  void shouldSayHowACheckpointBecomesAModel() throws IOException {
    Files.createFile(models.resolve("empty/checkpoint.index"));
    Settings settings = new Settings(Map.of("models.dir", models.toString()));
    String checkpoint = models.resolve("empty/checkpoint").toString();
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> ModelFolder.graph(settings, "empty"))
        .withMessage(
            checkpoint
                + " is a checkpoint, and instances serve model files: import it first, vmoe model"
                + " import --checkpoint "
                + checkpoint
                + " --out "
                + models.resolve("empty/model.onnx"));
    assertThat(new ModelFolder(models).names()).containsExactly("a-1.0", "b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../outside", "..", ".", "a/../../outside", "/etc", "b/", "", ".graphs"})
  void shouldTakeNothingForANameThatLeadsElsewhere(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ModelFolder(models).graph(name))
        .withMessageContaining("is no model's name");
  }

  @Test
  void shouldFollowNoLinkOutOfTheFolder() throws IOException {
    Files.createSymbolicLink(models.resolve("linked"), folder.resolve("outside"));
    Path unit = Files.createDirectories(models.resolve("half"));
    Files.createSymbolicLink(unit.resolve("model.onnx"), folder.resolve("outside/model.onnx"));
    Path deep = Files.createDirectories(models.resolve("deep/weights"));
    Files.writeString(deep.resolveSibling("model.onnx"), "graph");
    Files.createSymbolicLink(deep.resolve("part"), folder.resolve("outside/model.onnx"));
    Files.createSymbolicLink(models.resolve("alias"), models.resolve("b"));

    for (String name : new String[] {"linked", "half", "deep"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new ModelFolder(models).graph(name))
          .withMessageContaining("is a link that leads out of");
    }
    assertThatNoException().isThrownBy(() -> new ModelFolder(models).graph("alias"));
  }

  @Test
  void shouldHoldTheFilesOfAModelAgainstTheirSums() throws IOException {
    Path graph = models.resolve("b/model.onnx");
    Path sums = graph.resolveSibling("SHA256SUMS");
    assertThatNoException().isThrownBy(() -> FileSums.checkGraph(graph));
    Files.writeString(graph, "abc");
    Files.writeString(sums, ABC + "  model.onnx\n");
    assertThatNoException().isThrownBy(() -> FileSums.checkGraph(graph));
    for (String name : List.of("model.onnx", "./model.onnx", "././model.onnx")) {
      Files.writeString(sums, OTHER + "  " + name + "\n");
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> FileSums.checkGraph(graph))
          .withMessageContaining("model.onnx is not the file that SHA256SUMS lists");
    }
    for (String name : List.of("model.onnx.data", "model.profile.json")) {
      Files.writeString(sums, OTHER + " *" + name + "\n");
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> FileSums.checkGraph(graph))
          .withMessageContaining(name + " is missing, but SHA256SUMS beside it lists it");
      Files.writeString(graph.resolveSibling(name), "abc");
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> FileSums.checkGraph(graph))
          .withMessageContaining(name + " is not the file that SHA256SUMS lists");
    }
    Files.writeString(sums, "SHA256 (model.onnx) = " + ABC + "\n");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> FileSums.checkGraph(graph))
        .withMessageContaining("is not a line of sha256sum");
  }

  @Test
  void shouldHoldTheFilesOfACheckpointAgainstTheirSums() throws IOException {
    Path prefix = models.resolve("empty/checkpoint");
    for (String name :
        List.of(
            "checkpoint.index", "checkpoint.data-00000-of-00001", "model.json", "profile.json")) {
      Files.writeString(prefix.resolveSibling("SHA256SUMS"), OTHER + "  " + name + "\n");
      Files.writeString(prefix.resolveSibling(name), "abc");
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> SourceSums.check(prefix))
          .withMessageContaining(name + " is not the file that SHA256SUMS lists");
    }
  }

  @Test
  void shouldNotCareForSumsOfNeighbours() throws IOException {
    Path graph = models.resolve("b/model.onnx");
    Files.writeString(graph, "abc");
    Files.writeString(graph.resolveSibling("other.onnx"), "changed");
    Files.writeString(
        graph.resolveSibling("SHA256SUMS"),
        String.join(
            "\n",
            OTHER + "  other.onnx",
            OTHER + "  gone.onnx",
            OTHER + "  below/model.onnx",
            OTHER + "  ../../outside/model.onnx",
            ABC + "  model.onnx"));

    assertThatNoException().isThrownBy(() -> FileSums.checkGraph(graph));
    assertThatNoException().isThrownBy(() -> SourceSums.check(graph.resolveSibling("checkpoint")));
  }

  @Test
  void shouldLoadNoSecondModelWhereItHasNoRoom() throws IOException {
    Path info =
        Files.writeString(folder.resolve("meminfo"), "MemTotal: 9 kB\nMemAvailable: 8 kB\n");
    Path group = Files.createDirectories(folder.resolve("group"));
    FreeMemory memory = new FreeMemory(info, group);
    assertThat(memory.bytes()).hasValue(8192);
    assertThatNoException().isThrownBy(() -> memory.require("m", List.of(4096L)));
    Files.writeString(group.resolve("memory.max"), "5000\n");
    Files.writeString(group.resolve("memory.current"), "3000\n");
    Files.writeString(group.resolve("memory.stat"), "anon 1\ninactive_file 1000\n");
    assertThat(memory.bytes()).hasValue(3000);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> memory.require("m", List.of(1501L)))
        .withMessageContaining("1501 bytes", "3000 bytes");
    Files.writeString(group.resolve("memory.max"), "max\n");
    assertThat(memory.bytes()).hasValue(8192);
    assertThat(new FreeMemory(folder.resolve("none"), folder).bytes()).isEmpty();
  }
}

package dev.vmoe.importer.bundled;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.model.Precision;
import dev.vmoe.streams.models.ModelFolder;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.models.ProfileFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uses a temporary home with one variant, a copy of a bundled one. */
class BundledModelsTest {

  private static final String HOME = "vmoe.home";

  @TempDir Path folder;

  private String before;
  private Path variant;

  @BeforeEach
  void makeHome() throws IOException {
    before = System.getProperty(HOME);
    Path from = Path.of(before, "src/models/characters/dense");
    variant = folder.resolve("src/models/characters/vmoe-mine");
    Files.createDirectories(variant);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, variant.resolve(file.getFileName()));
      }
    }
    System.setProperty(HOME, folder.toString());
  }

  @AfterEach
  void restoreHome() {
    System.setProperty(HOME, before);
  }

  @Test
  void shouldKnowAVariantByItsFolder() {
    assertThat(BundledModels.isVariant("vmoe-mine")).isTrue();
    assertThat(BundledModels.isVariant("vmoe-other")).isFalse();
    assertThat(BundledModels.isVariant("test/../vmoe-mine")).isFalse();
  }

  @Test
  void shouldCarryTheQualityProfileAlong() throws IOException {
    Path graph = BundledModels.variant("vmoe-mine");
    Path beside = ProfileFile.beside(graph);
    assertThat(graph).endsWith(Path.of("vmoe-mine/model.onnx")).isNotEmptyFile();
    assertThat(beside).doesNotExist();

    ProfileFile measured =
        new ProfileFile(
            "mine",
            "00",
            "set",
            1,
            1,
            "vmoe lab sweep",
            List.of(new ProfileFile.MeasuredAccuracy("bpr", 1, 1, 1, 1)));
    measured.write(variant.resolve("profile.json"));
    BundledModels.variant("vmoe-mine");
    assertThat(ProfileFile.read(beside)).isEqualTo(measured);

    Files.delete(variant.resolve("profile.json"));
    BundledModels.variant("vmoe-mine");
    assertThat(beside).doesNotExist();
  }

  @Test
  void shouldMakeAnotherPrecisionUnderANameOfItsOwnAndWithoutAProfile() throws IOException {
    Files.writeString(variant.resolve("profile.json"), "of single precision");

    Path graph = BundledModels.variant("vmoe-mine", Precision.INT8);

    assertThat(graph).endsWith(Path.of("vmoe-mine-int8/model.onnx"));
    assertThat(ProfileFile.beside(graph)).doesNotExist();
    assertThat(ModelOpener.card(graph).name()).endsWith("-int8");
    assertThat(Files.readString(graph, ISO_8859_1)).contains("DynamicQuantizeLinear");
  }

  @Test
  void shouldTakeTestImagesOfACsvAndKnowTheDenseModels() throws IOException {
    Path sources = folder.resolve("src/models/characters");
    Path test = Files.createDirectories(sources.resolve("test"));
    Files.write(test.resolve("0.jpg"), new byte[] {7});
    Files.writeString(test.resolve("labels.csv"), "file,split,label\n0.jpg,unseen,亜\n");
    Files.createFile(
        Files.createDirectories(sources.resolve("dense-3")).resolve("checkpoint.index"));
    Files.createDirectories(sources.resolve("dense-without-a-checkpoint"));

    List<LabelledImage> images = BundledImages.all();

    assertThat(images).hasSize(1);
    assertThat(images.get(0).encoded()).containsExactly(7);
    assertThat(images.get(0).label()).isEqualTo("亜");
    assertThat(BundledModels.denseVariants()).containsExactly("dense-3");
  }

  @Test
  void shouldTakeFinishedGraphsAndImagesOfAnInstallation() throws IOException {
    Path models = Files.createDirectories(folder.resolve("models"));
    assertThat(BundledModels.isVariant("vmoe-bpr")).isFalse();
    Path model = Files.createDirectories(models.resolve("vmoe-bpr"));
    Path graph = Files.createFile(model.resolve("model.onnx"));
    Path images = Files.createDirectories(models.resolve("characters-test"));

    assertThat(BundledModels.isVariant("vmoe-bpr")).isTrue();
    assertThat(BundledModels.vmoe()).isEqualTo(graph);
    assertThat(BundledImages.folder()).isEqualTo(images);
    assertThat(BundledModels.haveTwin()).isFalse();
    assertThat(new ModelFolder(ModelFolder.bundled()).names()).containsExactly("vmoe-bpr");
  }
}

package dev.vmoe.importer.bundled;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GraphFolderTest {

  private static final FileTime SOURCES = FileTime.fromMillis(1_700_000_000_000L);

  @TempDir Path folder;

  private int written;

  private String graph(FileTime sources) throws IOException {
    GraphFolder.GraphWriter writer =
        out -> {
          written++;
          Files.writeString(out, "graph " + written);
          Files.writeString(out.resolveSibling("g.onnx.data"), "weights " + written);
        };
    Path graph = new GraphFolder(folder.resolve("graphs")).fresh("g.onnx", sources, writer);
    assertThat(graph.resolveSibling("g.onnx.data")).content().isEqualTo("weights " + written);
    return Files.readString(graph);
  }

  @Test
  void shouldKeepAGraphWhileSourcesAndCodeAreTheSame() throws IOException {
    assertThat(graph(SOURCES)).isEqualTo("graph 1");
    assertThat(graph(SOURCES)).isEqualTo("graph 1");
    try (Stream<Path> files = Files.list(folder.resolve("graphs"))) {
      assertThat(files.map(Path::getFileName).map(Path::toString))
          .containsExactlyInAnyOrder("g.onnx", "g.onnx.data", "g.onnx.made");
    }
  }

  @Test
  void shouldMakeAGraphAgainOfOlderSources() throws IOException {
    graph(SOURCES);
    assertThat(graph(FileTime.fromMillis(SOURCES.toMillis() - 1000))).isEqualTo("graph 2");
    assertThat(graph(SOURCES)).isEqualTo("graph 3");
  }

  /** The jar of a later version may be older than a graph that an instance kept. */
  @Test
  void shouldMakeAGraphAgainThatOtherCodeMade() throws IOException {
    graph(SOURCES);
    Path stamp = folder.resolve("graphs/g.onnx.made");
    List<String> lines = Files.readAllLines(stamp);
    assertThat(lines).singleElement().asString().contains(", code ");

    Files.writeString(stamp, lines.get(0).replaceAll(", code .*", ", code of 2020"));
    assertThat(graph(SOURCES)).isEqualTo("graph 2");

    Files.delete(stamp);
    assertThat(graph(SOURCES)).isEqualTo("graph 3");
  }
}

package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProbeCommandTest extends CommandTest {

  private static final Path TEST =
      Path.of(System.getProperty("vmoe.home", "."), "src/models/characters/test");

  /** Writes a CSV of the first images of the bundled ones. */
  private Path csv(int lines) throws Exception {
    List<String> all = Files.readAllLines(TEST.resolve("labels.csv")).subList(0, 1 + lines);
    List<String> absolute =
        all.stream()
            .map(line -> line.startsWith("file,") ? line : TEST.toAbsolutePath() + "/" + line)
            .toList();
    return Files.write(folder.resolve("labels.csv"), absolute);
  }

  @Test
  void shouldTellFontsBetterByFeaturesThanByPixels() throws Exception {
    String csv = csv(300).toString();
    String json = folder.resolve("probe.json").toString();

    assertThat(
            run(
                "probe",
                "--images",
                csv,
                "--column",
                "family",
                "--min-images",
                "10",
                "--json",
                json))
        .as(err.toString())
        .isZero();

    assertThat(out.toString())
        .contains("classes of family")
        .containsPattern("features +96 +\\d")
        .containsPattern("pixels +6912 +\\d")
        .contains("most frequent class");
    JsonNode result = new ObjectMapper().readTree(Path.of(json).toFile());
    assertThat(result.at("/features/mean").asDouble())
        .isGreaterThan(result.at("/pixels/mean").asDouble());
    assertThat(result.get("most_frequent").asDouble()).isBetween(0.1, 0.3);
  }

  @Test
  void shouldSayWhatIsMissing() throws Exception {
    String csv = csv(4).toString();
    assertThat(run("probe", "--images", csv, "--column", "font")).isNotZero();
    assertThat(err.toString()).contains("has no column 'font', only file, split, label");
    assertThat(run("probe", "--images", csv, "--column", "script")).isEqualTo(2);
    assertThat(err.toString()).contains("0 classes with at least 100 images in column script");
  }
}

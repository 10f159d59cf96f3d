package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BenchClipsCommandTest extends CommandTest {

  private JsonNode bench(String noise) throws Exception {
    Path json = folder.resolve("clips.json");
    assertThat(
            run(
                "bench",
                "clips",
                "--limit",
                "48",
                "--frames",
                "4",
                "--noise",
                noise,
                "--pictures",
                folder.toString(),
                "--json",
                json.toString()))
        .as(err.toString())
        .isZero();
    return new ObjectMapper().readTree(json.toFile()).get("rows");
  }

  @Test
  void shouldTellClipsBetterThanTheirFramesAndTheSameOfTheSameSeed() throws Exception {
    JsonNode rows = bench("50");
    byte[] frame = Files.readAllBytes(folder.resolve("camera-19").resolve("003.png"));

    JsonNode all = rows.get(rows.size() - 1);
    assertThat(all.get("split").textValue()).isEqualTo("all");
    assertThat(all.get("images").intValue()).isEqualTo(48);
    assertThat(all.get("difference").doubleValue()).isGreaterThan(0.05);
    assertThat(all.get("plain").doubleValue()).isGreaterThan(all.get("frame").doubleValue());
    assertThat(bench("50")).isEqualTo(rows);
    assertThat(folder.resolve("camera-19").resolve("003.png")).hasBinaryContent(frame);
    assertThat(folder.resolve("camera-20")).doesNotExist();
  }

  @Test
  void shouldRefuseAClipOfOneFrame() {
    assertThat(run("bench", "clips", "--frames", "1")).isEqualTo(2);
    assertThat(err.toString()).contains("--frames 1 is below 2");
  }
}

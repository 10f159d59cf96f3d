package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.cli.VmoeCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@code vmoe evaluate} with the bundled model on a handful of images. */
class EvaluateCommandTest extends CommandTest {

  @Test
  void shouldWriteARowForTheTwinAndEachSetting() throws Exception {
    Path json = folder.resolve("new/rows.json");
    Path csv = folder.resolve("new/rows.csv");

    assertThat(
            run(
                "evaluate",
                "--limit",
                "40",
                "--batch",
                "16",
                "--ratios",
                "4,0.1",
                "--json",
                json.toString(),
                "--csv",
                csv.toString()))
        .as(err.toString())
        .isZero();

    JsonNode result = new ObjectMapper().readTree(json.toFile());
    assertThat(result.fieldNames()).toIterable().containsExactly("images", "batch", "rows");
    assertThat(result.get("images").asInt()).isEqualTo(40);
    assertThat(result.get("batch").asInt()).isEqualTo(16);
    JsonNode rows = result.get("rows");
    assertThat(rows).hasSize(1 + 2 * 2 * 2); // routings, K from 2 down to 1, ratios
    for (JsonNode row : rows) {
      assertThat(row.fieldNames())
          .toIterable()
          .containsExactly(
              "model",
              "dense",
              "capacity_ratio",
              "effective_capacity_ratio",
              "experts_per_token",
              "routing",
              "images",
              "accuracy",
              "millis_per_image",
              "processed_share",
              "minus_dense",
              "minus_dense_low",
              "minus_dense_high");
      assertThat(row.get("images").asInt()).isEqualTo(40);
      assertThat(row.get("millis_per_image").asDouble()).isPositive();
    }
    assertThat(rows.get(0).get("dense").asBoolean()).isTrue();
    assertThat(rows.get(0).get("minus_dense").isNull()).isTrue();
    JsonNode full = rows.get(1);
    assertThat(full.get("dense").asBoolean()).isFalse();
    assertThat(full.get("experts_per_token").asInt()).isEqualTo(2);
    assertThat(full.get("capacity_ratio").asDouble()).isEqualTo(4);
    assertThat(full.get("processed_share").asDouble()).isEqualTo(1);
    assertThat(full.get("minus_dense").asDouble())
        .isBetween(full.get("minus_dense_low").asDouble(), full.get("minus_dense_high").asDouble());
    assertThat(rows.get(4).get("experts_per_token").asInt()).isEqualTo(1);
    assertThat(rows.get(4).get("processed_share").asDouble()).isBetween(0.05, 0.15);
    assertThat(rows.get(8).get("routing").asText()).isEqualTo("vanilla");
    assertThat(Files.readAllLines(csv))
        .hasSize(1 + 9)
        .first()
        .isEqualTo(
            "model,routing,K,ratio,effective,accuracy,minus_dense,low_95,high_95,ms_per_image,"
                + "processed");
    assertThat(Files.readAllLines(csv).get(1)).startsWith("fashion-mnist-dense-bpr,,,,,0.");
  }

  @Test
  void shouldRefuseWhatTheModelCannotRun() {
    assertThat(run("evaluate", "--experts-per-token", "3")).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("evaluate", "--ratios", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("evaluate", "--routing", "best")).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("evaluate", "--limit", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString().lines())
        .anyMatch(line -> line.contains("experts per token 3 outside 1 to 2"))
        .anyMatch(line -> line.contains("capacity ratio 0.0 is not above 0"))
        .anyMatch(line -> line.contains("--limit 0"));
  }
}

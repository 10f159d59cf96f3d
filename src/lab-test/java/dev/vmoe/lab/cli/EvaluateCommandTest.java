package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.lab.ManyClasses;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@code vmoe lab evaluate} with the bundled model on a handful of images. */
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
    assertThat(result.fieldNames())
        .toIterable()
        .containsExactly("images", "batch", "rows", "models", "twin_met");
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
        .hasSize(1 + 8 + BundledModels.denseVariants().size()) // points, twin, other dense models
        .first()
        .isEqualTo(
            "model,routing,K,ratio,effective,"
                + "accuracy_held_out,minus_dense_held_out,low_95_held_out,high_95_held_out,"
                + "accuracy_unseen,minus_dense_unseen,low_95_unseen,high_95_unseen,"
                + "ms_per_image,processed");
    assertThat(Files.readAllLines(csv).get(1)).startsWith("characters-dense,,,,,");
    assertThat(result.get("models"))
        .extracting(model -> model.get("name").asText())
        .startsWith("characters-vmoe-bpr", "characters-dense")
        .hasSize(1 + BundledModels.denseVariants().size());
    JsonNode point = result.at("/models/0/points/0");
    // the splits take turns, so each has half of the images
    JsonNode accuracy = point.get("accuracy");
    assertThat(accuracy.get("held_out").asDouble() + accuracy.get("unseen").asDouble())
        .isCloseTo(2 * full.get("accuracy").asDouble(), within(1e-9));
    assertThat(result.at("/twin_met").fieldNames())
        .toIterable()
        .containsExactly("held_out", "unseen");
  }

  @Test
  void shouldTellTheSplitsOfAllModelsApart() throws Exception {
    Path vmoe = ManyClasses.model(folder.resolve("vmoe.onnx"), "many-vmoe", 7_845, false);
    Path twin = ManyClasses.model(folder.resolve("twin.onnx"), "many-twin", 7_845, true);
    Path other = ManyClasses.model(folder.resolve("other.onnx"), "many-other", 7_845, true);
    Path set = ManyClasses.images(folder.resolve("set"), 30, 7_845);
    Path json = folder.resolve("result.json");

    assertThat(
            run(
                "evaluate",
                "--model",
                vmoe.toString(),
                "--dense",
                twin.toString(),
                "--beside",
                other.toString(),
                "--images",
                set.toString(),
                "--batch",
                "8",
                "--ratios",
                "2,0.25",
                "--json",
                json.toString()))
        .as(err.toString())
        .isZero();

    JsonNode result = new ObjectMapper().readTree(json.toFile());
    JsonNode models = result.get("models");
    assertThat(models)
        .extracting(model -> model.get("name").asText() + " " + model.get("kind").asText())
        .containsExactly("many-vmoe vmoe", "many-twin dense", "many-other dense");
    assertThat(models).extracting(model -> model.get("blocks").asInt()).containsOnly(2);
    assertThat(models).extracting(model -> model.get("points").size()).containsExactly(8, 1, 1);
    for (JsonNode model : models) {
      for (JsonNode point : model.get("points")) {
        assertThat(point.fieldNames())
            .toIterable()
            .containsExactly(
                "routing",
                "experts_per_token",
                "capacity_ratio",
                "ms_per_image",
                "accuracy",
                "processed",
                "minus_twin");
        assertThat(point.get("accuracy").fieldNames())
            .toIterable()
            .containsExactly("held_out", "unseen");
        assertThat(point.get("ms_per_image").asDouble()).isPositive();
      }
    }
    assertThat(models.at("/1/points/0/routing").isNull()).isTrue();
    assertThat(models.at("/1/points/0/minus_twin/unseen").isNull()).isTrue();
    assertThat(models.at("/2/points/0/minus_twin/unseen/low").isNumber()).isTrue();
    // no model knows these images: all are as accurate, and the fewest choices will do
    JsonNode met = result.at("/twin_met/held_out");
    assertThat(met.get("capacity_ratio").asDouble()).isEqualTo(0.25);
    assertThat(met.get("experts_per_token").asInt()).isEqualTo(1);
    assertThat(met.get("choices").asDouble()).isBetween(0.1, 0.3); // batches of 8: whole slots
    assertThat(met.get("twin_ms_per_image").asDouble()).isPositive();
    assertThat(out.toString())
        .contains("accuracy_held_out", "high_95_unseen")
        .contains("the twin's accuracy on held-out, 0.0000, is met");
  }

  @Test
  void shouldNotMeasureModelsThatSeeOtherClasses() throws Exception {
    Path vmoe = ManyClasses.model(folder.resolve("vmoe.onnx"), "many-vmoe", 30, false);
    Path other = ManyClasses.model(folder.resolve("other.onnx"), "many-other", 31, true);

    assertThat(
            run(
                "evaluate",
                "--model",
                vmoe.toString(),
                "--beside",
                other.toString(),
                "--images",
                ManyClasses.images(folder.resolve("set"), 3, 30).toString()))
        .isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("--beside: ", "classes 30 and 31 (class 30 is '丞')");
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

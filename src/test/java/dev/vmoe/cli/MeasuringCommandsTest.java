package dev.vmoe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.modelstore.BundledModels;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The commands that measure the bundled model on labelled images. */
class MeasuringCommandsTest extends ModelCommands {

  @Test
  void shouldEvaluateLabelledFolderBesideTheTwin() throws Exception {
    List<String> names =
        List.of("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat")
            .subList(1, 5); // one name has a slash, which no folder can have
    int written = 0;
    for (LabelledImage image : BundledModels.testImages(classes()).subList(0, 60)) {
      if (names.contains(image.label())) {
        Path file = folder.resolve(image.label()).resolve(written++ + ".png");
        Files.createDirectories(file.getParent());
        Files.write(file, image.encoded());
      }
    }
    Path json = folder.resolve("result/evaluation.json");
    Path csv = folder.resolve("evaluation.csv");

    assertThat(
            run(
                "evaluate",
                "--images",
                folder.toString(),
                "--ratios",
                "1.05,0.5",
                "--routing",
                "bpr",
                "--csv",
                csv.toString(),
                "--json",
                json.toString()))
        .isZero();

    JsonNode result = JSON.readTree(json.toFile());
    assertThat(result.get("images").asInt()).isEqualTo(written);
    assertThat(result.get("rows")).hasSize(1 + 2 * 2);
    assertThat(result.get("rows").get(0).get("dense").asBoolean()).isTrue();
    assertThat(result.get("rows").get(1).get("accuracy").asDouble()).isGreaterThan(0.7);
    assertThat(Files.readAllLines(csv))
        .hasSize(1 + 1 + 4 + 1); // twin, points, the other dense model
    assertThat(lines().get(0)).contains("ratio", "accuracy", "ms_per_image");
  }

  private static List<String> classes() {
    return List.of(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot");
  }

  @Test
  void shouldNameTheLabelThatIsNoClass() throws IOException {
    Files.createDirectories(folder.resolve("unicorn"));
    Files.copy(plain("red.png", Color.RED), folder.resolve("unicorn/1.png"));

    assertThat(run("evaluate", "--images", folder.toString())).isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString()).contains("unicorn", "Ankle boot");
  }

  @Test
  void shouldMeasureWhatPriorityIsWorth() throws Exception {
    Path csv = folder.resolve("priority.csv");
    Path json = folder.resolve("priority.json");

    assertThat(
            run(
                "bench",
                "priority",
                "--limit",
                "70",
                "--ratios",
                "0.25",
                "--csv",
                csv.toString(),
                "--json",
                json.toString()))
        .isZero();

    assertThat(Files.readAllLines(csv)).hasSize(6).first().asString().startsWith("images,K,ratio");
    JsonNode rows = JSON.readTree(json.toFile()).get("rows");
    JsonNode equal = rows.get(2);
    JsonNode prioritised = rows.get(3);
    JsonNode others = rows.get(4);
    assertThat(prioritised.get("images").asInt()).isEqualTo(70);
    // every first choice and few second ones, out of slots that the others then lack
    assertThat(prioritised.get("processed_share").asDouble()).isBetween(.49, .6);
    assertThat(prioritised.get("skipped_share").asDouble()).isLessThan(.02);
    assertThat(others.get("processed_share").asDouble())
        .isLessThan(equal.get("processed_share").asDouble());
    assertThat(run("bench", "priority", "--priority", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("priority 0.0 is outside 0.01 to 100.0");
  }

  @Test
  void shouldRefuseNumbersBelowOneBeforeAnyWork() {
    assertThat(run("evaluate", "--batch", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("demo", "--images", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("bench", "pipeline", "--rounds", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("--batch 0", "--images 0", "--rounds 0");
  }
}

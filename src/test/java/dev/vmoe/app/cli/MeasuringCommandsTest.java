package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.importer.bundled.BundledModels;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The commands that measure the bundled model on labelled images. */
class MeasuringCommandsTest extends ModelCommands {

  @Test
  void shouldEvaluateLabelledFolderBesideTheTwin() throws Exception {
    int written = 0;
    for (LabelledImage image : BundledImages.all()) {
      if (written == 60 || !image.label().matches("[A-Za-z]")) { // names for every file system
        continue;
      }
      Path file = folder.resolve(image.label()).resolve(written++ + ".jpg");
      Files.createDirectories(file.getParent());
      Files.write(file, image.encoded());
    }
    Path json = folder.resolve("result/evaluation.json");
    Path csv = folder.resolve("evaluation.csv");

    assertThat(
            run(
                "lab",
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
        .hasSize(1 + 4 + BundledModels.denseVariants().size()) // points, twin, other dense models
        .first()
        .isEqualTo(
            "model,routing,K,ratio,effective,accuracy,minus_dense,low_95,high_95,ms_per_image,"
                + "processed");
    JsonNode point = result.at("/models/0/points/0");
    assertThat(point.at("/accuracy/all").asDouble())
        .isEqualTo(result.at("/rows/1/accuracy").asDouble());
    assertThat(result.at("/twin_met").fieldNames()).toIterable().containsExactly("all");
    assertThat(lines().get(0)).contains("ratio", "accuracy", "ms_per_image");
  }

  @Test
  void shouldNameTheLabelThatIsNoClass() throws IOException {
    Files.createDirectories(folder.resolve("unicorn"));
    Files.copy(plain("red.png", Color.RED), folder.resolve("unicorn/1.png"));

    assertThat(run("lab", "evaluate", "--images", folder.toString())).isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString()).contains("unicorn", "亜");
  }

  @Test
  void shouldRefuseNumbersBelowOneBeforeAnyWork() {
    assertThat(run("lab", "evaluate", "--batch", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("demo", "--images", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("lab", "bench", "pipeline", "--rounds", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("--batch 0", "--images 0", "--rounds 0");
  }
}

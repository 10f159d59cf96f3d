package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.models.ProfileFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code vmoe lab sweep} with the bundled model on a handful of images. */
class SweepCommandTest extends CommandTest {

  private static final int IMAGES = 40;

  @Test
  void shouldWriteTableAndProfileAndGoOnLater() throws Exception {
    Path images = writeImages();
    Path results = folder.resolve("results");
    Path profile = folder.resolve("beside/m.profile.json");
    String[] command = {
      "sweep",
      "--images",
      images.toString(),
      "--skip",
      "8",
      "--ratios",
      "0.1,4",
      "--batches",
      "1,16",
      "--out",
      results.toString(),
      "--profile",
      profile.toString()
    };

    assertThat(run(command)).as(err.toString()).isZero();

    assertThat(err.toString()).contains("18 settings on 32 images, 18 of 18 runs to do");
    List<String> table = Files.readAllLines(results.resolve("sweep.csv"));
    assertThat(table).hasSize(1 + 2 * (1 + 2 * 2 * 2));
    assertThat(table.get(1)).startsWith("characters-dense,,,,,1,32,");
    ProfileFile written = ProfileFile.read(profile);
    assertThat(written).isEqualTo(ProfileFile.read(results.resolve("profile.json")));
    assertThat(written.set()).isEqualTo("images.csv from image 8 on");
    assertThat(written.images()).isEqualTo(32);
    assertThat(written.command()).startsWith("vmoe lab sweep --images").contains("--skip 8");
    assertThat(written.measurements()).hasSize(16);
    try (VmoeSession session =
        VmoeSession.open(BundledModels.vmoe(), SessionSettings.on(Device.CPU))) {
      assertThat(written.forModel(session.card(), profile).points()).hasSize(4);
    }

    // nothing is left to do: the same table from the same runs
    List<String> runs = Files.readAllLines(results.resolve("runs.csv"));
    Files.delete(results.resolve("sweep.csv"));
    assertThat(run(command)).isZero();
    assertThat(Files.readAllLines(results.resolve("runs.csv"))).isEqualTo(runs);
    assertThat(Files.readAllLines(results.resolve("sweep.csv"))).isEqualTo(table);

    command[6] = "0.1,2";
    assertThat(run(command)).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString())
        .contains("holds another sweep (ratios was [0.1, 4.0], is [0.1, 2.0])", "--restart");
  }

  @Test
  void shouldMeasureTheOnePointOfADenseModelOnTheImagesOfOthers() throws Exception {
    Path profile = folder.resolve("dense.profile.json");
    String[] command = {
      "sweep",
      "--model",
      "dense",
      "--images",
      writeImages().toString(),
      "--skip",
      "8",
      "--batches",
      "1,16",
      "--out",
      folder.resolve("dense").toString(),
      "--profile",
      profile.toString()
    };

    assertThat(run(command)).as(err.toString()).isZero();

    ProfileFile written = ProfileFile.read(profile);
    assertThat(written.model()).isEqualTo("characters-dense");
    assertThat(written.images()).isEqualTo(32);
    assertThat(written.toProfile().points()).containsExactly(OperatingPoint.DENSE);
    double alone = written.toProfile().accuracy(OperatingPoint.DENSE, Routing.VANILLA, 1);
    assertThat(written.toProfile().accuracy(OperatingPoint.DENSE, Routing.BATCH_PRIORITY, 16))
        .as("the batch does not matter")
        .isEqualTo(alone);
  }

  @Test
  void shouldNotMakeAProfileFromTheTestImages() {
    String results = folder.resolve("results").toString();

    assertThat(run("sweep", "--limit", "4", "--ratios", "1", "--batches", "4", "--out", results))
        .as(err.toString())
        .isZero();

    assertThat(out.toString()).contains("no quality profile");
    assertThat(folder.resolve("results/profile.json")).doesNotExist();
    assertThat(run("sweep", "--out", results, "--profile", folder + "/p.json"))
        .isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("--profile needs --images other than the bundled test");
  }

  @Test
  void shouldRefuseWhatCannotBeSwept() {
    String results = folder.resolve("results").toString();

    assertThat(run("sweep", "--model", "dense", "--ratios", "0.5", "--out", results))
        .isEqualTo(VmoeCommand.USAGE);
    assertThat(run("sweep", "--experts-per-token", "3", "--out", results))
        .isEqualTo(VmoeCommand.USAGE);
    assertThat(run("sweep", "--ratios", "0", "--out", results)).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("sweep", "--batches", "0", "--out", results)).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("sweep", "--skip", "-1", "--out", results)).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString().lines())
        .anyMatch(line -> line.contains("characters-dense has no experts"))
        .anyMatch(line -> line.contains("experts per token 3 outside 1 to 2"))
        .anyMatch(line -> line.contains("capacity ratio 0.0 is not above 0"))
        .anyMatch(line -> line.contains("batch size 0 is below 1"))
        .anyMatch(line -> line.contains("--skip -1 is below 0"));
    assertThat(folder.resolve("results")).doesNotExist();
  }

  private Path writeImages() throws IOException {
    StringBuilder csv = new StringBuilder();
    for (LabelledImage image : BundledImages.all().subList(0, IMAGES)) {
      String name = image.name().replace('/', '-');
      Files.write(folder.resolve(name), image.encoded());
      csv.append(name).append(',').append(image.label()).append('\n');
    }
    return Files.writeString(folder.resolve("images.csv"), csv);
  }
}

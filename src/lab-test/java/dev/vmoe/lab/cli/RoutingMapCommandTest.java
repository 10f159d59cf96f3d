package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.lab.ManyClasses;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code vmoe lab routing-map} with the bundled model on a few hundred images. */
class RoutingMapCommandTest extends CommandTest {

  @Test
  void shouldShowThatLateLayersFollowTheClassMoreThanEarlyOnes() throws Exception {
    Path maps = folder.resolve("maps");

    assertThat(run("routing-map", "--limit", "2000", "--out", maps.toString()))
        .as("%s", err)
        .isZero();

    List<String> layers = Files.readAllLines(maps.resolve("routing-map-groups-layers.csv"));
    assertThat(layers).hasSize(1 + 2);
    assertThat(aboveChance(layers.get(2))).isGreaterThan(aboveChance(layers.get(1)));
    assertThat(Files.readAllLines(maps.resolve("routing-map-groups.csv"))).hasSize(1 + 2 * 47 * 8);
    assertThat(out.toString()).contains("above_chance_bits").contains("\n    3 ");
    assertThat(err.toString()).contains("routed 2000 of 2000");
  }

  private static double aboveChance(String row) {
    return Double.parseDouble(row.split(",")[7]);
  }

  @Test
  void shouldSumTheGroupsOfThousandsOfClasses() throws Exception {
    Path model = ManyClasses.model(folder.resolve("m.onnx"), "many", 7_845, false);
    Path set = ManyClasses.images(folder.resolve("set"), 90, 7_845);
    Path maps = folder.resolve("maps");

    assertThat(
            run(
                "routing-map",
                "--model",
                model.toString(),
                "--images",
                set.toString(),
                "--out",
                maps.toString()))
        .as("%s", err)
        .isZero();

    List<String> groups = Files.readAllLines(maps.resolve("routing-map-groups.csv"));
    assertThat(groups.get(0)).startsWith("block,group,images,expert,").contains(",share_of_group,");
    assertThat(groups.get(1)).startsWith("0,group-");
    assertThat(Files.readAllLines(maps.resolve("routing-map-groups-layers.csv"))).hasSize(1 + 2);
    assertThat(Files.readAllLines(maps.resolve("routing-map.csv")))
        .hasSizeGreaterThan(groups.size());
    assertThat(out.toString()).contains("image's class, in bits", "group of classes, in bits");
  }

  @Test
  void shouldRefuseWhatCannotBeCounted() {
    String to = folder.resolve("none").toString();

    assertThat(run("routing-map", "--model", "dense", "--out", to)).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("routing-map", "--limit", "0", "--out", to)).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString().lines())
        .anyMatch(line -> line.contains("characters-dense has no experts"))
        .anyMatch(line -> line.contains("--limit 0"));
    assertThat(folder.resolve("none")).doesNotExist();
  }
}

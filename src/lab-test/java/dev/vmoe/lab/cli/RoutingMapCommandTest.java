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
  void shouldDrawThatLateLayersFollowTheClassMoreThanEarlyOnes() throws Exception {
    Path maps = folder.resolve("maps");

    assertThat(run("routing-map", "--limit", "2000", "--out", maps.toString()))
        .as("%s", err)
        .isZero();

    List<String> layers = Files.readAllLines(maps.resolve("routing-map-groups-layers.csv"));
    assertThat(layers).hasSize(1 + 2);
    assertThat(aboveChance(layers.get(2))).isGreaterThan(aboveChance(layers.get(1)));
    assertThat(Files.readAllLines(maps.resolve("routing-map-groups.csv"))).hasSize(1 + 2 * 47 * 8);
    assertThat(maps.resolve("routing-map.svg"))
        .content()
        .contains(
            ">2000 images;",
            " 47 groups of ",
            ">block 2<",
            ">block 3<",
            ">radical 水<",
            ">cyrillic<");
    assertThat(maps.resolve("routing-map.png")).isNotEmptyFile();
    assertThat(out.toString()).contains("above_chance_bits").contains("\n    3 ");
    assertThat(err.toString()).contains("routed 2000 of 2000");
  }

  private static double aboveChance(String row) {
    return Double.parseDouble(row.split(",")[7]);
  }

  @Test
  void shouldDrawTheLayersThatAreAskedFor() {
    assertThat(run("routing-map", "--limit", "64", "--layers", "3", "--out", folder.toString()))
        .isZero();

    assertThat(folder.resolve("routing-map.svg"))
        .content()
        .contains(">block 3<")
        .doesNotContain(">block 2<");
  }

  @Test
  void shouldDrawTheGroupsOfThousandsOfClasses() throws Exception {
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
    assertThat(maps.resolve("routing-map.svg"))
        .content()
        .containsPattern("\\d+ groups of \\d+ classes")
        .contains(">group-0<");
    assertThat(out.toString()).contains("image's class, in bits", "group of classes, in bits");
  }

  @Test
  void shouldRefuseWhatCannotBeDrawn() {
    String to = folder.resolve("none").toString();

    assertThat(run("routing-map", "--model", "dense", "--out", to)).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("routing-map", "--limit", "8", "--layers", "9", "--out", to))
        .isEqualTo(VmoeCommand.USAGE);
    assertThat(run("routing-map", "--limit", "0", "--out", to)).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString().lines())
        .anyMatch(line -> line.contains("characters-dense has no experts"))
        .anyMatch(line -> line.contains("block 9 is not an MoE layer of characters-vmoe-bpr"))
        .anyMatch(line -> line.contains("--limit 0"));
    assertThat(folder.resolve("none")).doesNotExist();
  }
}

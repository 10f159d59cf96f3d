package dev.vmoe.lab.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.routing.RoutingTable.ClassImages;
import dev.vmoe.lab.routing.RoutingTable.TableLayer;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoutingTableTest {

  /** What the experts did for a class in a layer of two experts, of whose choices 18 were made. */
  private record Layer(int block, long kept0, long kept1, double gates0, double gates1) {}

  private record Row(String label, long images, List<Layer> layers) {}

  private static Row row(String label, long images, Layer... layers) {
    return new Row(label, images, List.of(layers));
  }

  private static Layer layer(int block, long kept0, long kept1, double g0, double g1) {
    return new Layer(block, kept0, kept1, g0, g1);
  }

  private static RoutingTable table(List<Row> rows) {
    return new RoutingTable(
        "m",
        "aa",
        rows.stream().map(row -> new ClassImages(row.label(), row.images())).toList(),
        IntStream.range(0, rows.get(0).layers().size()).mapToObj(l -> layer(rows, l)).toList());
  }

  private static TableLayer layer(List<Row> rows, int l) {
    List<Layer> layers = rows.stream().map(row -> row.layers().get(l)).toList();
    return new TableLayer(
        layers.get(0).block(),
        18L * rows.size(),
        layers.stream().map(it -> new long[] {it.kept0(), it.kept1()}).toArray(long[][]::new),
        layers.stream()
            .map(it -> new double[] {it.gates0(), it.gates1()})
            .toArray(double[][]::new));
  }

  private static final RoutingTable TABLE =
      table(
          List.of(
              row("cat, or <kitten>", 2, layer(1, 6, 2, 3, 1.4), layer(3, 0, 0, 0, 0)),
              row("dog", 1, layer(1, 0, 4, 0, 2), layer(3, 1, 1, 0.5, 0.5))));

  @Test
  void shouldWeighExpertsByTheKeptChoicesOfTheClass() {
    assertThat(TABLE.layers().get(0).meanWeights())
        .isDeepEqualTo(new double[][] {{3 / 8.0, 1.4 / 8}, {0, 2 / 4.0}});
    assertThat(TABLE.layers().get(1).meanWeights())
        .as("a class that kept nothing")
        .isDeepEqualTo(new double[][] {{0, 0}, {0.25, 0.25}});
  }

  @Test
  void shouldListEveryCellAndEveryLayer() {
    assertThat(RoutingRows.cells(TABLE).toCsv().lines())
        .hasSize(1 + 2 * 2 * 2)
        .contains(
            "1,\"cat, or <kitten>\",2,0,6,3.000,0.75000,0.37500,0.50000",
            "1,dog,1,0,0,0.000,0.00000,0.00000,");
    assertThat(RoutingRows.byLayer(TABLE).toCsv().lines())
        .hasSize(3)
        .element(1)
        .asString()
        .startsWith("1,3,2,2,12,0.4591,"); // H(class) + H(expert) - H(both) = .9183 + 1 - 1.4591
  }

  @Test
  void shouldTallyWhatTheModelCounted() {
    FakeClassifier model = new FakeClassifier();
    ByteBuffer images = ByteBuffer.allocateDirect(3 * 8 * 8 * 3);
    BatchResult result =
        model.classify(images, 3, new RoutingSettings(2, 2, Routing.BATCH_PRIORITY));
    RoutingTally tally = new RoutingTally(model.card());

    tally.add(result, new int[] {5, 0, 5});
    tally.add(result, new int[] {5, 0, 5});

    RoutingTable table = tally.table();
    assertThat(table.classes())
        .containsExactly(new ClassImages("grey-0", 2), new ClassImages("grey-5", 4));
    for (TableLayer layer : table.layers()) {
      long choices = 0;
      double gates = 0;
      for (int c = 0; c < 2; c++) {
        for (int e = 0; e < layer.numExperts(); e++) {
          choices += layer.kept()[c][e];
          gates += layer.gateSum()[c][e];
        }
      }
      // K 2 and 5 tokens; the gates of a token's two choices are a half each
      assertThat(choices).isEqualTo(6 * 5 * 2);
      assertThat(gates).isEqualTo(6 * 5);
    }
  }

  @Test
  void shouldSumUpTheClassesOfEachGroup() {
    RoutingTable groups = TABLE.grouped(Map.of("dog", "pets", "cat, or <kitten>", "pets"));

    assertThat(groups.classes()).containsExactly(new ClassImages("pets", 3));
    assertThat(groups.groupedClasses()).isEqualTo(2);
    assertThat(groups.layers().get(0).kept()).isDeepEqualTo(new long[][] {{6, 6}});
    assertThat(groups.layers().get(0).gateSum()).isDeepEqualTo(new double[][] {{3, 3.4}});
    assertThat(groups.layers().get(0).assigned()).isEqualTo(TABLE.layers().get(0).assigned());
    assertThat(TABLE.grouped(Map.of("dog", "pets")).classes())
        .as("a class without a group")
        .containsExactly(new ClassImages("cat, or <kitten>", 2), new ClassImages("pets", 1));
  }
}

package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rows made by hand; the twin has 900 of 1,000 right. */
class EqualAccuracyTest {

  private static final SweepRow TWIN =
      new SweepRow(
          "twin",
          SweepPoint.dense(64),
          0,
          1000,
          900,
          new Interval(0.9, 0.88, 0.92),
          null,
          0.5,
          null,
          1);

  private static final SweepRow CHEAP = row(0.1, Routing.BATCH_PRIORITY, 64, 850, 0.02, 0.2);
  private static final SweepRow NEAR = row(0.5, Routing.BATCH_PRIORITY, 64, 890, 0.02, 0.3);
  private static final SweepRow EQUAL = row(1.05, Routing.BATCH_PRIORITY, 64, 900, 0.02, 0.4);
  private static final SweepRow DEAR = row(2, Routing.BATCH_PRIORITY, 64, 910, 0.02, 0.6);

  @Test
  void shouldTakeTheCheapestPointThatIsAtLeastAsAccurate() {
    List<SweepRow> rows = List.of(TWIN, DEAR, CHEAP, NEAR, EQUAL);

    assertThat(EqualAccuracy.AT_LEAST.cheapest(rows, 64)).contains(EQUAL);
  }

  @Test
  void shouldTakeACheaperPointThatTheImagesDoNotTellApart() {
    List<SweepRow> rows = List.of(TWIN, DEAR, CHEAP, NEAR, EQUAL);

    assertThat(EqualAccuracy.NOT_TOLD_APART.cheapest(rows, 64)).contains(NEAR);
  }

  @Test
  void shouldPassOverVanillaOrderAndOtherBatchSizes() {
    List<SweepRow> rows =
        List.of(
            TWIN,
            DEAR,
            row(0.5, Routing.VANILLA, 64, 950, 0.02, 0.1),
            row(0.5, Routing.BATCH_PRIORITY, 16, 950, 0.02, 0.1));

    assertThat(EqualAccuracy.AT_LEAST.cheapest(rows, 64)).contains(DEAR);
  }

  @Test
  void shouldSayThatNoPointIsLevel() {
    assertThat(EqualAccuracy.AT_LEAST.cheapest(List.of(TWIN, CHEAP), 64)).isEmpty();
    assertThat(EqualAccuracy.table(List.of(TWIN, CHEAP), List.of(64)).toText()).contains("nowhere");
  }

  @Test
  void shouldTellTimeOverTheTwinsAndTheShareProcessed() {
    String text = EqualAccuracy.table(List.of(TWIN, EQUAL), List.of(16, 64)).toText();

    assertThat(text.lines())
        .hasSize(3) // no line for batches of 16, where there is no twin
        .anySatisfy(
            line -> assertThat(line).contains("at least", "0.9000", "1.05", "40.0%", "0.80"));
  }

  private static SweepRow row(
      double ratio, Routing routing, int batch, int correct, double half, double millis) {
    double difference = (correct - 900) / 1000.0;
    return new SweepRow(
        "vmoe",
        new SweepPoint(new RoutingSettings(ratio, 2, routing), batch),
        ratio,
        1000,
        correct,
        new Interval(correct / 1000.0, 0, 1),
        new Interval(difference, difference - half, difference + half),
        millis,
        millis / 0.5,
        0.4);
  }
}

package dev.vmoe.app.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HistoryTest {

  private final Meters meters = new Meters();
  private final PipelineMetrics metrics =
      new PipelineMetrics(meters, List.of(1, 3), 2, List.of("size"));
  private final History history = new History(5);
  private long second;

  @AfterEach
  void close() {
    meters.close();
  }

  private History.HistoryPoint tick() {
    second++;
    history.add(meters.read(), 1000 * second, TimeUnit.SECONDS.toNanos(second));
    List<History.HistoryPoint> points = history.after(0);
    return points.get(points.size() - 1);
  }

  private void answer(int images, long latencyMs) {
    for (int i = 0; i < images; i++) {
      metrics.images().answered(0, 0, latencyMs, 0);
    }
  }

  @Test
  void shouldKnowNothingBeforeTheSecondReading() {
    History.HistoryPoint first = tick();

    assertThat(first.answered()).isNaN();
    assertThat(first.p50()).isNaN();
    assertThat(tick().answered()).isZero();
  }

  @Test
  void shouldTakeRatesOverTheWindow() {
    tick();
    answer(30, 40);
    assertThat(tick().answered()).isEqualTo(30);
    answer(60, 40);
    assertThat(tick().answered()).isEqualTo(45);
    assertThat(tick().answered()).isEqualTo(30);
    assertThat(tick().answered()).isEqualTo(20); // the first 30 are older than three seconds
  }

  @Test
  void shouldTakeQuantilesOfWhatWasAnsweredLately() {
    tick();
    answer(100, 20_000);
    for (int i = 0; i < 5; i++) {
      tick();
    }
    answer(90, 40);
    answer(10, 900);
    History.HistoryPoint point = tick();

    assertThat(point.p50()).isBetween(0.025, 0.05);
    assertThat(point.p99()).isBetween(0.5, 1.0);
  }

  @Test
  void shouldTellTheShareOfLateAnswersWhateverTheirRecordsAge() {
    metrics.capacity().configured(0, TimeUnit.SECONDS.toNanos(1));
    tick();
    assertThat(tick().late()).isNaN();
    answer(8, 90_000); // a replay
    assertThat(tick().late()).isZero();
    metrics.images().answered(0, 0, 1500, TimeUnit.MILLISECONDS.toNanos(1500));
    metrics.images().answered(0, 0, 1500, TimeUnit.MILLISECONDS.toNanos(1500));

    assertThat(tick().late()).isEqualTo(0.2);
  }

  @Test
  void shouldSetExpertsAgainstTheirSlotsAndAgainstAnEvenShare() {
    tick();
    metrics.experts().slots(100);
    metrics.experts().expert(1, 0, 150, 100, 0);
    metrics.experts().expert(1, 1, 50, 50, 0);
    metrics.experts().expert(3, 0, 100, 80, 0);
    metrics.experts().expert(3, 1, 100, 90, 0);
    tick();

    History.Experts experts = history.experts().orElseThrow();
    assertThat(experts.blocks()).containsExactly(1, 3);
    assertThat(experts.utilization()).containsExactly(List.of(1.0, 0.5), List.of(0.8, 0.9));
    assertThat(experts.load()).containsExactly(List.of(1.5, 0.5), List.of(1.0, 1.0));
    assertThat(experts.dropped().get(0)).isCloseTo(0.25, within(1e-9));
    assertThat(experts.dropped().get(1)).isCloseTo(0.15, within(1e-9));
  }

  @Test
  void shouldKeepSoManyPointsAndGiveThoseThatAreNew() {
    for (int i = 0; i < 8; i++) {
      tick();
    }

    assertThat(history.after(0))
        .extracting(History.HistoryPoint::timeMs)
        .containsExactly(4000L, 5000L, 6000L, 7000L, 8000L);
    assertThat(history.after(6000)).hasSize(2);
    assertThat(history.after(8000)).isEmpty();
  }

  @Test
  void shouldSayWhichModelsAnswerTheOneThatDoesMostFirst() {
    assertThat(history.models()).isEmpty();
    metrics.models(
        List.of(
            new PipelineMetrics.MeteredModel("a", "1", List.of(1, 3), 2),
            new PipelineMetrics.MeteredModel("b", "2", List.of(), 0)));
    tick();
    assertThat(history.models()).extracting(History.ModelShare::name).containsExactly("a", "b");
    assertThat(history.models().get(0).share()).isNaN();
    metrics.images().answeredBy("a", 1);
    metrics.images().answeredBy("b", 3);
    metrics.images().answeredBy("gone", 3);
    tick();
    assertThat(history.models())
        .containsExactly(new History.ModelShare("b", 0.75), new History.ModelShare("a", 0.25));
    metrics.model("a", "1", List.of(1, 3), 2);
    tick();
    assertThat(history.models()).extracting(History.ModelShare::name).containsExactly("a");
  }
}

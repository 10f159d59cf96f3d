package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.moe.Routing;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PolicyMetricsTest {

  private static final OperatingPoint FULL = new OperatingPoint(1.05, 2);
  private static final Quality QUALITY =
      new Quality(
          new QualityProfile(
              List.of(
                  new QualityProfile.Measurement(FULL, Routing.BATCH_PRIORITY, 1, 0.93),
                  new QualityProfile.Measurement(
                      new OperatingPoint(0.15, 1), Routing.BATCH_PRIORITY, 1, 0.9))),
          Routing.BATCH_PRIORITY,
          0.93);

  @Test
  void shouldCountWhatIsLateAndWhatNeverCame() {
    TraceOutcome outcome = outcome(0, 1, 2, 3, 4);
    outcome.answer(0, 0.1, 1, 1.0, 2);
    outcome.answer(1, 1.5, 0, 0.5, 1); // exactly in time
    outcome.answer(2, 2.6, 1, 0.5, 1); // late, and right
    outcome.answer(3, 3.2, 1, 1.0, 2);

    PolicyMetrics metrics = PolicyMetrics.of(outcome, 0.5);

    assertThat(metrics.images()).isEqualTo(5);
    assertThat(metrics.lost()).isEqualTo(1);
    assertThat(metrics.sloViolationRatio()).isCloseTo(2 / 5.0, within(1e-12));
    assertThat(metrics.effectiveAccuracy()).isCloseTo(3 / 4.0, within(1e-12));
    assertThat(metrics.accuracyAll()).isCloseTo(3 / 5.0, within(1e-12));
    assertThat(metrics.accuracyInTime()).isCloseTo(2 / 5.0, within(1e-12));
    assertThat(metrics.p50Ms()).isCloseTo(200, within(1e-6));
    assertThat(metrics.p99Ms()).isCloseTo(600, within(1e-6));
    assertThat(metrics.meanCapacityRatio()).isCloseTo(0.75, within(1e-12));
    assertThat(metrics.meanExpertsPerToken()).isCloseTo(1.5, within(1e-12));
  }

  @Test
  void shouldKeepTheFirstOfTwoAnswers() {
    TraceOutcome outcome = outcome(0);

    assertThat(outcome.answer(0, 0.1, 1, 1, 2)).isTrue();
    assertThat(outcome.answer(0, 0.9, 0, 1, 2)).isFalse();
    assertThat(outcome.answered()).isEqualTo(1);
    assertThat(outcome.latencySeconds(0)).isEqualTo(0.1);
  }

  @Test
  void shouldRefuseAnOutcomeWithoutAnswers() {
    assertThatThrownBy(() -> PolicyMetrics.of(outcome(0, 1), 0.5))
        .hasMessageContaining("none of 2 images was answered");
  }

  @Test
  void shouldMeasureTheDrainAndTheReturnOfQuality() {
    // 20 at once at 1 s, then one a second; four a second are answered, low until 5.6 s
    double[] due =
        IntStream.range(0, 30).mapToDouble(i -> i < 20 ? 1 : i - 18).toArray(); // 2, 3, … 11
    TraceOutcome outcome = new TraceOutcome(new ArrivalTrace("t", due));
    double free = 1;
    for (int i = 0; i < due.length; i++) {
      free = Math.max(free, due[i]) + 0.25;
      boolean full = free > 8.6;
      outcome.answer(i, free, 1, full ? 1.05 : 0.15, full ? 2 : 1);
    }

    Recovery recovery = Recovery.of(outcome, 2, QUALITY);

    assertThat(recovery.peakImages()).isEqualTo(20);
    assertThat(recovery.peakSeconds()).isEqualTo(1);
    assertThat(recovery.drainImagesPerSecond()).isCloseTo(4, within(1e-9));
    // 20 - 4 t + arrivals(t) first comes to 2 at 6.75 s
    assertThat(recovery.endSeconds()).isCloseTo(6.75, within(1e-9));
    assertThat(recovery.secondsToRecover()).isCloseTo(9.25 - 6.75, within(1e-9));
  }

  @Test
  void shouldKnowNoRecoveryWithoutABacklogAndNoEndOfOneThatStays() {
    TraceOutcome outcome = outcome(0, 1, 2);
    outcome.answer(0, 5, 1, 1.05, 2);

    assertThat(Recovery.of(outcome, 3, QUALITY)).isNull();
    Recovery recovery = Recovery.of(outcome, 1, QUALITY);
    assertThat(recovery.peakImages()).isEqualTo(3);
    assertThat(recovery.endSeconds()).isNull();
    assertThat(recovery.secondsToRecover()).isNull();
  }

  @Test
  void shouldTellSecondsApart() {
    TraceOutcome outcome = outcome(0.2, 0.4, 0.6, 2.5);
    outcome.answer(0, 0.9, 1, 1.0, 2);
    outcome.answer(1, 1.4, 1, 0.5, 1);
    outcome.answer(3, 2.6, 1, 1.0, 2);

    List<Timeline.Second> seconds = Timeline.of(outcome);

    assertThat(seconds).extracting(Timeline.Second::arrivals).containsExactly(3, 0, 1);
    assertThat(seconds).extracting(Timeline.Second::answered).containsExactly(1, 1, 1);
    assertThat(seconds).extracting(Timeline.Second::backlogImages).containsExactly(2, 1, 1);
    assertThat(seconds).extracting(Timeline.Second::slotsPerToken).containsExactly(2.0, 0.5, 2.0);
    assertThat(seconds.get(1).p99Ms()).isCloseTo(1000, within(1e-6));
  }

  @Test
  void shouldCountExpiredImagesAsNeitherAnsweredNorLost() {
    TraceOutcome outcome = outcome(0, 0.5, 1, 1.5, 2, 2.5);
    outcome.answer(0, 0.2, 1, 1.05, 2);
    outcome.answer(1, 1.9, 1, 1.05, 2); // late
    outcome.expire(2, 1.6);
    outcome.expire(3, 2.2);
    outcome.answer(4, 2.5, 0, 1.05, 2);

    PolicyMetrics metrics = PolicyMetrics.of(outcome, 1);

    assertThat(metrics.expired()).isEqualTo(2);
    assertThat(metrics.lost()).isEqualTo(1);
    assertThat(metrics.sloViolationRatio()).isCloseTo(4 / 6.0, within(1e-9));
    assertThat(metrics.lateShareOfAnswered()).isCloseTo(1 / 3.0, within(1e-9));
    assertThat(metrics.effectiveAccuracy()).isCloseTo(2 / 3.0, within(1e-9));
    List<Timeline.Second> seconds = Timeline.of(outcome);
    assertThat(seconds).extracting(Timeline.Second::answered).containsExactly(1, 1, 1);
    assertThat(seconds).extracting(Timeline.Second::backlogImages).containsExactly(1, 1, 1);
  }

  @Test
  void shouldFindTheRateThatWasSustained() {
    double[] due = IntStream.range(0, 100).mapToDouble(i -> i / 10.0).toArray();
    TraceOutcome outcome = outcome(due);
    for (int i = 0; i < due.length; i++) { // twice as many a second from 4 to 9 s
      outcome.answer(i, i < 40 ? due[i] : i < 90 ? 4 + (i - 40) / 20.0 : 9.05, 1, 1.05, 2);
    }

    // 50 in the seconds 4 to 6.5, 10 more at 9.05
    assertThat(Timeline.sustainedPerSecond(Timeline.of(outcome))).isEqualTo(14);
    assertThat(Timeline.sustainedPerSecond(List.of())).isNaN();
  }

  @Test
  void shouldReportSideBySide() {
    TraceOutcome outcome = outcome(0, 0, 0, 0, 0.1);
    for (int i = 0; i < 5; i++) {
      outcome.answer(i, 0.1 * (i + 1), 1, 1.05, 2);
    }
    OverloadReport report = new OverloadReport(QUALITY, new Rates(5, 10), 0.3);
    report.add(new ArrivalTrace("elastic", new double[] {0}), "fixed_full", outcome);

    assertThat(report.table("elastic").toText().lines().skip(1))
        .containsExactly(
            "fixed_full      40.00%            40.00%             100.00%            100.00%    "
                + " 300     400       1.050    2.00     0        0             5                   "
                + "        0.1");
    assertThat(report.recovery("elastic", "fixed_full"))
        .isEqualTo(
            "fixed_full: 0 lost; 5 waited at most; gone within a second; full quality back 0.1 s"
                + " after the backlog's end");
    assertThat(report.summary().toCsv().lines()).hasSize(2);
    assertThat(report.timeline("elastic").toCsv().lines()).hasSize(2);
  }

  @Test
  void shouldTellWhichModelsAnswered() {
    TraceOutcome outcome = outcome(0, 0, 0, 0, 0);
    for (int i = 0; i < 4; i++) {
      outcome.answer(i, 0.1 * (i + 1), 1, i == 0 ? 0 : 1, 1.05, 2);
    }
    OverloadReport report =
        new OverloadReport(QUALITY, new Rates(5, 10), 1, List.of("sparse", "dense", "int8"));
    ArrivalTrace trace = new ArrivalTrace("bursty", new double[] {0});
    report.add(trace, "adaptive_all", outcome);
    report.add(trace, "clairvoyant_alone", outcome);

    assertThat(report.results("bursty").get("adaptive_all").byModel())
        .containsExactly(entry("sparse", 0.25), entry("dense", 0.75), entry("int8", 0.0));
    assertThat(report.results("bursty").get("clairvoyant_alone").byModel())
        .as("a bound mixes models")
        .isEmpty();
  }

  @Test
  void shouldExpectOfAnAnswerWhatItsOwnModelIsWorth() {
    Quality quality =
        new Quality(
            QualityProfile.ofModels(
                List.of(
                    QUALITY.profile(),
                    new QualityProfile(
                        List.of(
                            new QualityProfile.Measurement(
                                FULL, Routing.BATCH_PRIORITY, 1, 0.8))))),
            Routing.BATCH_PRIORITY,
            0.93);
    TraceOutcome outcome = outcome(0, 0, 0);
    outcome.answer(0, 1, 0, 1.05, 2);
    outcome.answer(1, 1, 0, 1, 1.05, 2);
    outcome.answer(2, 1, 0.7, TraceOutcome.UNKNOWN_MODEL, 1.05, 2);

    assertThat(quality.expected(outcome, 0)).isEqualTo(0.93);
    assertThat(quality.expected(outcome, 1)).isEqualTo(0.8);
    assertThat(quality.expected(outcome, 2)).isEqualTo(0.7);
  }

  private static TraceOutcome outcome(double... due) {
    return new TraceOutcome(new ArrivalTrace("t", due));
  }
}

package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.event.Prediction;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Three instances under load are replaced one after the other by ones with another model and other
 * settings. Old and new share the partitions meanwhile.
 */
@Tag("soak")
class RollingRestartIT {

  private static final int PARTITIONS = 6;
  private static final int INSTANCES = 3;
  private static final int RECORDS_PER_SECOND = 200;
  private static final Duration LIMIT = Duration.ofSeconds(90);

  /**
   * A stop, a rebalance or two and a commit, on a busy machine; below the session timeout (6 s),
   * for which partitions wait where an instance goes without leaving its group.
   */
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(RollingRestartIT.class);

  /** What comes first for each instance. */
  enum Order {
    STOP_THEN_START,
    START_THEN_STOP
  }

  private final Set<String> known = new HashSet<>();

  @ParameterizedTest
  @EnumSource
  void shouldAnswerEachImageOnceWhileInstancesAreReplacedInTurn(Order order) throws Exception {
    Deque<Instance> instances = new ArrayDeque<>();
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench);
        Feeder feeder = Feeder.start(workbench, PARTITIONS, RECORDS_PER_SECOND)) {
      Map<String, Object> before = workbench.properties(Map.of("model", "before"));
      Map<String, Object> after =
          workbench.properties(Map.of("model", "after", "batch.max.images", 8));
      for (int i = 0; i < INSTANCES; i++) {
        instances.addLast(Instance.start(before));
        awaitAnotherInstance(answers);
      }

      Duration longestStop = Duration.ZERO;
      Duration longestPause;
      try (Pauses pauses = Pauses.of(workbench)) {
        for (int i = 0; i < INSTANCES; i++) {
          if (order == Order.START_THEN_STOP) {
            instances.addLast(Instance.start(after));
            awaitAnotherInstance(answers);
          }
          Duration stop = instances.removeFirst().stop();
          longestStop = stop.compareTo(longestStop) > 0 ? stop : longestStop;
          if (order == Order.STOP_THEN_START) {
            instances.addLast(Instance.start(after));
            awaitAnotherInstance(answers);
          }
        }
        awaitAllFrom("after", answers);
        longestPause = pauses.longest();
      }
      int sent = feeder.stop();
      await("all answers")
          .atMost(LIMIT)
          .untilAsserted(() -> assertThat(answers.poll()).isGreaterThanOrEqualTo(sent));
      answers.assertExactlyOnce();
      log.warn(
          "{}: {} records, longest stop {} ms, longest pause of a partition {} ms",
          order,
          sent,
          longestStop.toMillis(),
          longestPause.toMillis());
      assertThat(longestPause).isLessThan(LONGEST_PAUSE);
    } finally {
      for (Instance instance : instances) {
        instance.close();
      }
    }
  }

  /** Waits for a prediction of an instance that none came from so far. */
  private void awaitAnotherInstance(Answers answers) {
    await("a new instance's predictions")
        .atMost(LIMIT)
        .until(
            () -> {
              int seen = answers.predictions.read.size();
              answers.poll();
              return answers.predictions.read.stream()
                  .skip(seen)
                  .map(ExactlyOnceIT::instanceOf)
                  .map(known::add)
                  .reduce(false, Boolean::logicalOr);
            });
  }

  /** Waits until the newest prediction of every partition is of this model. */
  private static void awaitAllFrom(String model, Answers answers) {
    await("all partitions' predictions from " + model)
        .atMost(LIMIT)
        .until(
            () -> {
              answers.poll();
              Map<Integer, String> newest =
                  answers.predictions.read.stream()
                      .collect(
                          Collectors.toMap(
                              Prediction::getSourcePartition,
                              Prediction::getModel,
                              (earlier, later) -> later));
              return newest.size() == PARTITIONS
                  && newest.values().stream().allMatch(model::equals);
            });
  }
}

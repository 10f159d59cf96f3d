package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.instance.Pipeline;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every record has exactly one answer, a prediction or a dead letter, and utilization is conserved,
 * while threads crash, instances come and go and one is killed.
 */
@ExtendWith(CrashesBorne.class)
class ExactlyOnceIT {

  private static final int PARTITIONS = 6;
  private static final Logger log = LoggerFactory.getLogger(ExactlyOnceIT.class);

  @Test
  void shouldAnswerEveryRecordExactlyOnceWhateverCrashes() throws Exception {
    Map<String, Object> twoThreads = Map.of("streams.num.stream.threads", 2);
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench);
        Workbench.Reader<ExpertUtilization> utilization = workbench.utilization();
        Feeder feeder = Feeder.start(workbench, PARTITIONS, 300)) {
      Workbench.Reader<Prediction> predictions = answers.predictions;
      int sent;
      Duration failOver;
      try (Instance victim = Instance.start(workbench.properties(twoThreads))) {
        await("first predictions")
            .atMost(Duration.ofSeconds(60))
            .until(() -> predictions.poll().size() > 200);
        String victimsBatches = instanceOf(predictions.read.get(0));

        try (FakeClassifier classifier = new FakeClassifier(Duration.ofMillis(5));
            Pipeline survivor = pipeline(workbench, twoThreads, classifier)) {
          awaitNew(predictions, p -> !instanceOf(p).equals(victimsBatches));
          final String survivorsBatches =
              instanceOf(predictions.read.get(predictions.read.size() - 1));

          for (int crash = 1; crash <= 2; crash++) {
            long crashNanos = System.nanoTime();
            classifier.failNext(1);
            int runs = classifier.runs();
            await("crash").until(() -> classifier.runs() > runs);
            Set<Integer> owned = ownedBy(survivorsBatches, predictions.pollToEnd());
            awaitEach(predictions, owned, p -> true, "a thread crashed", crashNanos);
          }

          try (FakeClassifier another = new FakeClassifier(Duration.ofMillis(5));
              Pipeline added = pipeline(workbench, twoThreads, another)) {
            awaitNew(
                predictions,
                p ->
                    !instanceOf(p).equals(victimsBatches)
                        && !instanceOf(p).equals(survivorsBatches));
          }
          awaitNew(predictions, p -> instanceOf(p).equals(survivorsBatches));
          awaitNew(predictions, p -> instanceOf(p).equals(victimsBatches));

          Set<Integer> orphaned = ownedBy(victimsBatches, predictions.pollToEnd());
          assertThat(orphaned).isNotEmpty();
          victim.kill();
          long killNanos = System.nanoTime();
          failOver =
              awaitEach(
                  predictions,
                  orphaned,
                  p -> !instanceOf(p).equals(victimsBatches),
                  "an instance was killed",
                  killNanos);

          sent = feeder.stop();
          int all = sent;
          await("all answers")
              .atMost(Duration.ofSeconds(60))
              .untilAsserted(
                  () -> assertThat(answers.poll()).as("answers").isGreaterThanOrEqualTo(all));
        }
      }
      log.warn("{} records", sent);
      assertThat(sent).isGreaterThan(2000);
      answers.assertExactlyOnce();
      assertThat(Answers.keys(answers.letters))
          .hasSizeGreaterThan(50)
          .allMatch(key -> key.startsWith(Feeder.RUBBISH));
      assertThat(Answers.keys(predictions)).noneMatch(key -> key.startsWith(Feeder.RUBBISH));
      assertConserved(utilization.pollToEnd(), predictions.read.size());
      FailOverIT.assertInTime(failOver); // last, as it may end the test as skipped
    }
  }

  private static Pipeline pipeline(
      Workbench workbench, Map<String, Object> settings, FakeClassifier classifier) {
    return Pipeline.start(workbench.settings(settings), classifier, new FakeDecoder(8 * 8 * 3));
  }

  /** Returns what tells one instance's batches from another's. */
  static String instanceOf(Prediction prediction) {
    return prediction.getBatchId().substring(0, prediction.getBatchId().indexOf('-'));
  }

  /** Returns the partitions whose latest prediction came from this instance. */
  static Set<Integer> ownedBy(String instance, List<Prediction> predictions) {
    Map<Integer, Prediction> latest = new HashMap<>();
    for (Prediction prediction : predictions) {
      latest.merge(
          prediction.getSourcePartition(),
          prediction,
          (a, b) -> a.getSourceOffset() > b.getSourceOffset() ? a : b);
    }
    return latest.entrySet().stream()
        .filter(entry -> instanceOf(entry.getValue()).equals(instance))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  /** Waits for a prediction that is not there yet. */
  static void awaitNew(Workbench.Reader<Prediction> predictions, Predicate<Prediction> wanted) {
    int seen = predictions.read.size();
    Callable<Boolean> found =
        () -> {
          List<Prediction> all = predictions.poll();
          return all.subList(seen, all.size()).stream().anyMatch(wanted);
        };
    await("a new prediction").atMost(Duration.ofSeconds(60)).until(found);
  }

  /**
   * Waits until each partition has a new prediction of the wanted kind.
   *
   * @return how long it took until one of them had it
   */
  static Duration awaitEach(
      Workbench.Reader<Prediction> predictions,
      Set<Integer> partitions,
      Predicate<Prediction> wanted,
      String what,
      long sinceNanos) {
    int seen = predictions.pollToEnd().size();
    awaitNew(predictions, wanted.and(p -> partitions.contains(p.getSourcePartition())));
    Duration first = Duration.ofNanos(System.nanoTime() - sinceNanos);
    await("a new prediction of each of " + partitions)
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              List<Prediction> all = predictions.poll();
              return all.subList(seen, all.size()).stream()
                  .filter(wanted)
                  .map(Prediction::getSourcePartition)
                  .collect(Collectors.toSet())
                  .containsAll(partitions);
            });
    Duration each = Duration.ofNanos(System.nanoTime() - sinceNanos);
    log.warn(
        "{}: first new prediction after {} ms, of each of {} after {} ms",
        what,
        first.toMillis(),
        partitions,
        each.toMillis());
    return first;
  }

  private static void assertConserved(List<ExpertUtilization> events, int images) {
    FakeClassifier model = new FakeClassifier();
    assertThat(events.stream().mapToInt(ExpertUtilization::getImages).sum()).isEqualTo(images);
    for (int layer = 0; layer < model.card().numLayers(); layer++) {
      long assigned = 0;
      for (ExpertUtilization event : events) {
        LayerUtilization sums = event.getLayers().get(layer);
        assigned += sums.getAssigned().stream().mapToLong(Long::longValue).sum();
        for (int expert = 0; expert < model.card().numExperts(); expert++) {
          assertThat(sums.getDispatched().get(expert))
              .isBetween(0L, sums.getAssigned().get(expert));
        }
      }
      assertThat(assigned)
          .isEqualTo(
              (long) images * model.card().tokensPerImage() * model.card().expertsPerToken());
    }
  }
}

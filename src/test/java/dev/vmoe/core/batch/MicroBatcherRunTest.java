package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.RunTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes on beside the run of a batch, and what the run is made with and told to. */
@Timeout(30)
class MicroBatcherRunTest extends BatcherFixture {

  @Test
  void shouldFillBatchesBehindARunningOneEvenWithoutLinger() throws Exception {
    classifier.permits.drainPermits();
    open(4, 1_000, Duration.ZERO);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);
    Awaitility.await().until(() -> !samples.isEmpty()); // the first batch runs now
    submit(lane, 2, 3, 4);
    classifier.permits.release(2);

    assertThat(classes(take(lane))).containsExactly(1);
    assertThat(classes(take(lane))).containsExactly(2, 3, 4);
  }

  @Test
  void shouldFillAndDecodeNextBatchesWhileOneComputes() throws Exception {
    classifier.permits.drainPermits();
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, IntStream.rangeClosed(1, 20).toArray()); // more batches than buffers
    assertThat(lane.pending()).isEqualTo(20);
    assertThat(lane.poll()).isNull();
    assertThat(lane.await(Duration.ofMillis(1))).isFalse();

    classifier.permits.release(10);

    List<Integer> answered = new ArrayList<>();
    while (answered.size() < 20) {
      answered.addAll(classes(take(lane)));
    }
    assertThat(answered).containsExactlyElementsOf(IntStream.rangeClosed(1, 20).boxed().toList());
    assertThat(lane.pending()).isZero();
    assertThat(samples.get(0).batchImages()).isEqualTo(2);
    assertThat(samples.get(9).waitingImages()).isZero();
    assertThat(samples.get(1).waitingImages()).isEqualTo(16);
  }

  @Test
  void shouldNotDecodeBesideARunThatTakesAllCores() throws Exception {
    classifier.takesAllCores = true;
    classifier.permits.drainPermits();
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, 2);
    Awaitility.await().until(classifier.permits::hasQueuedThreads); // the run is under way
    int decodedBefore = decoded.get();
    submit(lane, 3, 4, 5, 6);

    Awaitility.await().during(Duration.ofMillis(100)).until(() -> decoded.get() == decodedBefore);
    classifier.permits.release(3);

    assertThat(classes(take(lane))).containsExactly(1, 2);
    assertThat(classes(take(lane))).containsExactly(3, 4);
    assertThat(classes(take(lane))).containsExactly(5, 6);
  }

  @Test
  void shouldTellTheControllerOfTheRunBefore() throws Exception {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, 2);
    take(lane);
    submit(lane, 3, 4);
    take(lane);

    assertThat(samples.get(0).lastRun()).isNull();
    assertThat(samples.get(1).lastRun())
        .isEqualTo(new RunTime(new OperatingPoint(1.05, 2), 2, PixelEcho.RUN_NANOS));
    assertThat(samples.get(1).idleNanos()).isBetween(0L, samples.get(1).oldestAgeNanos());
  }

  @Test
  void shouldShowTheObserverEachBatchOnceWithWhatIsAttachedToItsImages() throws Exception {
    List<BatchRun> runs = new CopyOnWriteArrayList<>();
    List<List<Integer>> shown = new CopyOnWriteArrayList<>();
    open(
        6,
        1_000,
        NEVER_LINGERS,
        (run, origins) -> {
          runs.add(run);
          shown.add(origins);
        });
    Lane<Integer> left = batcher.openLane();
    Lane<Integer> right = batcher.openLane();
    long beforeNanos = System.nanoTime();
    submit(left, 1, BAD);
    submit(right, 2);
    right.reject(77, "not Avro");
    submit(left, 3, 4);

    Share<Integer> ofLeft = take(left);
    Share<Integer> ofRight = take(right);

    assertThat(runs).containsExactly(ofLeft.run()).containsExactly(ofRight.run());
    assertThat(shown).containsExactly(List.of(1, 2, 3, 4));
    assertThat(classifier.pixelsSeen.get(0)).containsExactly(1, 2, 3, 4);
    Answer.Classified<Integer> answer = (Answer.Classified<Integer>) ofLeft.answers().get(0);
    long startNanos = ofLeft.run().startNanos();
    assertThat(startNanos - answer.queueNanos()).isGreaterThanOrEqualTo(beforeNanos);
    assertThat(answer.decodeStartNanos())
        .isBetween(startNanos - answer.queueNanos(), startNanos - answer.decodeNanos());
    assertThat(startNanos).isLessThan(System.nanoTime());
  }

  @Test
  void shouldRunEachBatchWithTheModelItWasOpenedWithAndThenGiveThatBack() throws Exception {
    List<String> events = new CopyOnWriteArrayList<>();
    ServedModel old = served(events, "old");
    ServedModel next = served(events, "new");
    limits = new BatchLimits(2, 1_000, NEVER_LINGERS);
    AtomicReference<BatchTerms> inForce =
        new AtomicReference<>(new BatchTerms(old, limits, controller(events, "old"), null));
    batcher =
        new MicroBatcher<>(
            inForce::get, WideBounds.ofThreads(2), (run, origins) -> events.add("ran"));
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, 2);
    take(lane);
    submit(lane, 3);
    inForce.set(new BatchTerms(next, limits, controller(events, "new"), null));
    old.release();
    submit(lane, 4, 5, 6);

    assertThat(classes(take(lane))).containsExactly(3, 4);
    assertThat(classes(take(lane))).containsExactly(5, 6);
    Awaitility.await().until(() -> events.size() == 7);
    assertThat(events)
        .containsExactly(
            "old decides", "ran", "old decides", "ran", "old is given back", "new decides", "ran");
    assertThat(samples).hasSize(3);
    assertThat(samples.get(1).lastRun()).isNotNull();
    assertThat(samples.get(2).lastRun()).as("of another model").isNull();
    assertThat(old.use()).isFalse();
  }

  @Test
  void shouldRunTheModelThatThePointNames() throws Exception {
    PixelEcho other = new PixelEcho("other");
    ServedModel both =
        new ServedModel(List.of(classifier, other), BatcherFixture::decode, () -> {});
    limits = new BatchLimits(2, 1_000, NEVER_LINGERS);
    AtomicInteger batches = new AtomicInteger();
    CapacityController alternating =
        sample -> {
          samples.add(sample);
          return new Decision(
              new OperatingPoint(batches.getAndIncrement() % 2, 1, 2), SETTINGS.routing(), "turn");
        };
    BatchTerms terms = new BatchTerms(both, limits, alternating, null);
    batcher = new MicroBatcher<>(() -> terms, WideBounds.ofThreads(2), (run, origins) -> {});
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, 2, 3, 4, 5, 6);

    assertThat(take(lane).run().card().name()).isEqualTo("echo");
    assertThat(take(lane).run().card().name()).isEqualTo("other");
    assertThat(take(lane).run().card().name()).isEqualTo("echo");
    assertThat(classifier.pixelsSeen).containsExactly(List.of(1, 2), List.of(5, 6));
    assertThat(other.pixelsSeen).containsExactly(List.of(3, 4));
    assertThat(samples.get(2).lastRun().point().model()).as("what it is learnt of").isEqualTo(1);
  }

  private ServedModel served(List<String> events, String name) {
    return new ServedModel(
        List.of(classifier), BatcherFixture::decode, () -> events.add(name + " is given back"));
  }

  private CapacityController controller(List<String> events, String name) {
    return sample -> {
      samples.add(sample);
      events.add(name + " decides");
      return new FixedCapacity(
              new OperatingPoint(SETTINGS.capacityRatio(), SETTINGS.expertsPerToken()),
              SETTINGS.routing())
          .decide(sample);
    };
  }
}

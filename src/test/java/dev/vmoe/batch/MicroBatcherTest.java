package dev.vmoe.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.FixedCapacity;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.capacity.RunTime;
import dev.vmoe.capacity.Sample;
import dev.vmoe.image.BadImageException;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.inference.BatchResult;
import dev.vmoe.inference.InferenceException;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingCounts;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class MicroBatcherTest {

  private static final Duration FOREVER = Duration.ofSeconds(20);
  private static final Duration NEVER_LINGERS = Duration.ofMinutes(1);
  private static final int BAD = 255;
  private static final int NO_NATIVES = 253;
  private static final RoutingSettings SETTINGS = new RoutingSettings(1.05, 2, Routing.VANILLA);

  private static final LiveSettings LIVE = LiveSettings.of(new Settings(Map.of()));

  private final PixelEcho classifier = new PixelEcho();
  private final List<Sample> samples = new CopyOnWriteArrayList<>();
  private final List<List<Integer>> shown = new CopyOnWriteArrayList<>();
  private final AtomicInteger decoded = new AtomicInteger();
  private volatile BatchLimits limits;
  private LongSupplier clock = System::nanoTime;
  private MicroBatcher<Integer> batcher;

  @AfterEach
  void close() {
    classifier.permits.release(1_000_000);
    if (batcher != null) {
      batcher.close();
    }
  }

  @Test
  void shouldCloseBatchBySizeAcrossLanes() throws Exception {
    open(4, 1_000, NEVER_LINGERS);
    Lane<Integer> left = batcher.openLane();
    Lane<Integer> right = batcher.openLane();
    submit(left, 1, 2);
    submit(right, 3, 4);

    Share<Integer> ofLeft = take(left);
    Share<Integer> ofRight = take(right);

    assertThat(ofLeft.run()).isSameAs(ofRight.run());
    assertThat(ofLeft.run().flushReason()).isEqualTo(FlushReason.SIZE);
    assertThat(ofLeft.run().numImages()).isEqualTo(4);
    assertThat(classes(ofLeft)).containsExactly(1, 2);
    assertThat(classes(ofRight)).containsExactly(3, 4);
  }

  @Test
  void shouldCloseBatchWhenOldestImageHasLingered() throws Exception {
    open(4, 1_000, Duration.ofMillis(5));
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);

    Share<Integer> share = take(lane);

    assertThat(share.run().flushReason()).isEqualTo(FlushReason.LINGER);
    assertThat(share.run().lingerNanos())
        .isBetween(Duration.ofMillis(5).toNanos(), FOREVER.toNanos());
    Answer.Classified<Integer> answer = (Answer.Classified<Integer>) share.answers().get(0);
    assertThat(answer.queueNanos()).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(5));
  }

  @Test
  void shouldMeasureEveryTimeByItsClock() throws Exception {
    AtomicLong nanos = new AtomicLong(1_000);
    clock = nanos::get;
    classifier.permits.drainPermits();
    open(4, 1_000, Duration.ofNanos(500));
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);
    Awaitility.await().until(() -> decoded.get() == 1);
    nanos.set(1_700); // its linger is over
    Awaitility.await().until(() -> samples.size() == 1); // it runs
    submit(lane, 2);
    nanos.set(2_300); // the second batch is older than the linger, but a run is under way
    submit(lane, 3);
    Awaitility.await().until(() -> decoded.get() == 3);
    classifier.permits.release(2);

    Share<Integer> first = take(lane);
    assertThat(first.run().flushReason()).isEqualTo(FlushReason.LINGER);
    assertThat(first.run().lingerNanos()).isEqualTo(700);
    assertThat(first.run().startNanos()).isEqualTo(1_700);
    assertThat(first.answers()).containsExactly(new Answer.Classified<>(1, 0, 700, 1_000, 0));
    Share<Integer> second = take(lane);
    assertThat(classes(second)).containsExactly(2, 3);
    assertThat(second.run().lingerNanos()).isEqualTo(600);
    Sample sample = samples.get(1);
    assertThat(sample.nowNanos()).isEqualTo(2_300);
    assertThat(sample.oldestAgeNanos()).isEqualTo(600);
    assertThat(sample.idleNanos()).isZero();
  }

  @Test
  void shouldCloseBatchByBytesAndGiveLargeImageABatchOfItsOwn() throws Exception {
    open(100, 10, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    lane.submit(1, encoded(1, 6));
    lane.submit(2, encoded(2, 6));
    lane.submit(3, encoded(3, 50));

    assertThat(classes(take(lane))).containsExactly(1);
    assertThat(classes(take(lane))).containsExactly(2);
    Share<Integer> large = take(lane);
    assertThat(classes(large)).containsExactly(3);
    assertThat(large.run().flushReason()).isEqualTo(FlushReason.BYTES);
  }

  @Test
  void shouldCompactUndecodableImagesAndKeepOrder() throws Exception {
    open(6, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, BAD, 2);
    lane.reject(77, "not Avro");
    submit(lane, BAD, 3);

    Share<Integer> share = take(lane);

    assertThat(share.run().numImages()).isEqualTo(3);
    assertThat(classifier.pixelsSeen.get(0)).containsExactly(1, 2, 3);
    assertThat(share.answers()).extracting(Answer::origin).containsExactly(1, BAD, 2, 77, BAD, 3);
    assertThat(share.answers().get(1)).isEqualTo(new Answer.Rejected<>(BAD, "bad pixel"));
    assertThat(share.answers().get(3)).isEqualTo(new Answer.Rejected<>(77, "not Avro"));
    assertThat(classes(share)).containsExactly(1, 2, 3);
  }

  @Test
  void shouldLetPrioritiesFollowTheirImagesThroughCompactionAndLanes() throws Exception {
    open(8, 1_000, NEVER_LINGERS);
    Lane<Integer> left = batcher.openLane();
    Lane<Integer> right = batcher.openLane();
    left.submit(1, encoded(1, 1));
    left.submit(BAD, encoded(BAD, 1), 50);
    left.submit(2, encoded(2, 1), 10);
    right.reject(77, "not Avro");
    right.submit(BAD, encoded(BAD, 1));
    right.submit(3, encoded(3, 1));
    right.submit(4, encoded(4, 1), .5f);
    left.submit(5, encoded(5, 1), 100);

    assertThat(classes(take(left))).containsExactly(1, 2, 5);
    assertThat(classes(take(right))).containsExactly(3, 4);
    assertThat(classifier.pixelsSeen.get(0)).containsExactly(1, 2, 3, 4, 5);
    assertThat(classifier.prioritiesSeen.get(0)).containsExactly(1, 10, 1, .5f, 100);
  }

  @Test
  void shouldRefuseAPriorityOutsideItsBounds() throws Exception {
    open(1, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();

    assertThatThrownBy(() -> lane.submit(1, encoded(1, 1), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("priority 0.0 is outside");
    assertThat(lane.pending()).isZero();
    submit(lane, 2);
    assertThat(classes(take(lane))).containsExactly(2);
  }

  @Test
  void shouldAnswerBatchWithoutAnyImage() throws Exception {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    lane.reject(1, "empty");
    submit(lane, BAD);

    Share<Integer> share = take(lane);

    assertThat(share.run().result()).isNull();
    assertThat(share.run().numImages()).isZero();
    assertThat(share.answers()).hasSize(2).allMatch(a -> a instanceof Answer.Rejected);
    assertThat(classifier.pixelsSeen).isEmpty();
  }

  @Test
  void shouldRejectImageOnWhichDecoderFails() throws Exception {
    open(1, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    lane.submit(1, new byte[0]);

    assertThat(take(lane).answers().get(0))
        .isInstanceOfSatisfying(
            Answer.Rejected.class, r -> assertThat(r.reason()).contains("decoder failed"));
  }

  @Test
  void shouldFailBatchOnWhichTheMachineCannotDecode() throws Exception {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, NO_NATIVES);
    assertThat(lane.await(FOREVER)).isTrue();
    assertThatThrownBy(lane::poll)
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("no natives");

    Lane<Integer> next = batcher.openLane();
    submit(next, 5, 6);
    assertThat(classes(take(next))).containsExactly(5, 6);
  }

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
  void shouldNotLetALaneWaitForAClosedBatcher() {
    classifier.permits.drainPermits();
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);
    batcher.close();
    assertThatThrownBy(() -> lane.await(FOREVER)).isInstanceOf(IllegalStateException.class);
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
  void shouldApplyNewLimitsFromTheNextBatchOn() throws Exception {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);
    limits = new BatchLimits(7, 1_000, NEVER_LINGERS);
    submit(lane, 2, 3, 4, 5, 6, 7, 8, 9);

    assertThat(classes(take(lane))).containsExactly(1, 2);
    assertThat(classes(take(lane))).containsExactly(3, 4, 5, 6, 7, 8, 9);
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
  void shouldAnswerBatchesOfWhichAnObserverFails() throws Exception {
    open(
        1,
        1_000,
        NEVER_LINGERS,
        (run, images) -> {
          if (images.get(0) == 1) {
            throw new IllegalStateException("metrics");
          }
          throw new AssertionError("metrics");
        });
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, 2, 3);

    assertThat(classes(take(lane))).containsExactly(1);
    assertThat(classes(take(lane))).containsExactly(2);
    assertThat(classes(take(lane))).containsExactly(3);
  }

  @Test
  void shouldFailSharesOfFailedBatchOnly() throws Exception {
    open(1, 1_000, NEVER_LINGERS);
    Lane<Integer> failing = batcher.openLane();
    submit(failing, PixelEcho.FAILS);
    assertThat(failing.await(FOREVER)).isTrue();
    assertThatThrownBy(failing::poll).isInstanceOf(InferenceException.class);

    Lane<Integer> next = batcher.openLane();
    submit(next, 5);
    assertThat(classes(take(next))).containsExactly(5);
  }

  @Test
  void shouldDiscardLateResultsOfClosedLane() throws Exception {
    classifier.permits.drainPermits();
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lost = batcher.openLane();
    Lane<Integer> kept = batcher.openLane();
    submit(lost, 1);
    submit(kept, 2);
    lost.close();
    classifier.permits.release();

    assertThat(classes(take(kept))).containsExactly(2);
    assertThat(lost.poll()).isNull();
    assertThat(lost.pending()).isZero();
  }

  @Test
  void shouldRefuseImagesOnceClosed() {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    batcher.close();
    assertThatThrownBy(() -> submit(lane, 1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void shouldAnswerEveryImageOnceAndInOrderUnderConcurrentLanes() throws Exception {
    open(7, 40, Duration.ofMillis(1));
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<List<Integer>>> lanes = new ArrayList<>();
      for (int seed = 0; seed < 4; seed++) {
        Random random = new Random(seed);
        lanes.add(threads.submit(() -> drive(batcher.openLane(), random, 2_000)));
      }
      for (Future<List<Integer>> lane : lanes) {
        assertThat(lane.get())
            .containsExactlyElementsOf(IntStream.range(0, 2_000).boxed().toList());
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(classifier.pixelsSeen).allMatch(pixels -> pixels.size() <= 7);
  }

  /** Sends images of random kinds and sizes, taking shares out at random; returns the origins. */
  private static List<Integer> drive(Lane<Integer> lane, Random random, int images)
      throws InterruptedException {
    List<Integer> origins = new ArrayList<>();
    int sent = 0;
    while (origins.size() < images) {
      if (sent < images && random.nextInt(3) > 0) {
        if (random.nextInt(10) == 0) {
          lane.reject(sent++, "bad");
        } else {
          lane.submit(sent++, encoded(random.nextInt(NO_NATIVES), 1 + random.nextInt(15)));
        }
      } else if (sent == images || lane.pending() > 30) {
        assertThat(lane.await(FOREVER)).isTrue();
      }
      Share<Integer> share = lane.poll();
      if (share != null) {
        share.answers().forEach(answer -> origins.add(answer.origin()));
      }
    }
    return origins;
  }

  @Test
  void shouldShowTheObserverEachBatchOnceWithWhatIsAttachedToItsImages() throws Exception {
    List<BatchRun> runs = new CopyOnWriteArrayList<>();
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
        new AtomicReference<>(new BatchTerms(LIVE, old, limits, controller(events, "old")));
    batcher = new MicroBatcher<>(inForce::get, 2, (run, origins) -> events.add("ran"));
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, 2);
    take(lane);
    submit(lane, 3);
    inForce.set(new BatchTerms(LIVE, next, limits, controller(events, "new")));
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

  private ServedModel served(List<String> events, String name) {
    return new ServedModel(
        classifier, MicroBatcherTest::decode, () -> events.add(name + " is given back"));
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

  private void open(int maxImages, long maxBytes, Duration linger) {
    open(maxImages, maxBytes, linger, (run, origins) -> {});
  }

  private void open(int maxImages, long maxBytes, Duration linger, RunObserver<Integer> observer) {
    FixedCapacity fixed =
        new FixedCapacity(
            new OperatingPoint(SETTINGS.capacityRatio(), SETTINGS.expertsPerToken()),
            SETTINGS.routing());
    CapacityController controller =
        sample -> {
          samples.add(sample);
          return fixed.decide(sample);
        };
    ImageDecoder decoder =
        (encoded, images, slot) -> {
          decoded.incrementAndGet();
          decode(encoded, images, slot);
        };
    limits = new BatchLimits(maxImages, maxBytes, linger);
    ServedModel model = new ServedModel(classifier, decoder, () -> {});
    batcher =
        new MicroBatcher<>(
            () -> new BatchTerms(LIVE, model, limits, controller), 2, observer, clock);
  }

  /** A 1×1 image whose red value is its first byte. */
  private static void decode(byte[] encoded, ByteBuffer images, int slot) throws BadImageException {
    if ((encoded[0] & 0xff) == BAD) {
      throw new BadImageException("bad pixel");
    }
    if ((encoded[0] & 0xff) == NO_NATIVES) {
      throw new UnsatisfiedLinkError("no natives");
    }
    images.put(slot * 3, encoded[0]);
  }

  private static byte[] encoded(int pixel, int length) {
    byte[] bytes = new byte[length];
    bytes[0] = (byte) pixel;
    return bytes;
  }

  private static void submit(Lane<Integer> lane, int... pixels) {
    for (int pixel : pixels) {
      lane.submit(pixel, encoded(pixel, 1));
    }
  }

  private static Share<Integer> take(Lane<Integer> lane) throws InterruptedException {
    assertThat(lane.await(FOREVER)).isTrue();
    Share<Integer> share = lane.poll();
    assertThat(share).isNotNull();
    return share;
  }

  /** What the classifier said of each classified image of a share. */
  private static List<Integer> classes(Share<Integer> share) {
    List<Integer> classes = new ArrayList<>();
    for (Answer<Integer> answer : share.answers()) {
      if (answer instanceof Answer.Classified<Integer> classified) {
        classes.add((int) share.run().result().logits()[classified.index()][0]);
      }
    }
    return classes;
  }

  /** Answers each image with its red value, when permitted. */
  private static final class PixelEcho implements BatchClassifier {

    static final int FAILS = 254;
    static final long RUN_NANOS = 1;

    final Semaphore permits = new Semaphore(1_000_000);
    final List<List<Integer>> pixelsSeen = new CopyOnWriteArrayList<>();
    final List<float[]> prioritiesSeen = new CopyOnWriteArrayList<>();
    volatile boolean takesAllCores;

    @Override
    public boolean takesAllCores() {
      return takesAllCores;
    }

    @Override
    public ModelCard card() {
      return new ModelCard(
          "echo", "", List.of("red"), 1, 1, List.of(), 0, 0, 1, true, "bilinear", "echo");
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      permits.acquireUninterruptibly();
      List<Integer> pixels =
          IntStream.range(0, numImages).map(i -> images.get(i * 3) & 0xff).boxed().toList();
      if (pixels.contains(FAILS)) {
        throw new InferenceException("asked to fail", new IllegalStateException());
      }
      pixelsSeen.add(pixels);
      prioritiesSeen.add(priorities);
      float[][] logits = new float[numImages][1];
      for (int i = 0; i < numImages; i++) {
        logits[i][0] = pixels.get(i);
      }
      RoutingCounts none =
          new RoutingCounts(
              numImages, 0, 0, new int[0], new int[0], new float[0], new float[0], new int[0]);
      return new BatchResult(logits, none, settings, 0, settings.capacityRatio(), RUN_NANOS);
    }

    @Override
    public void close() {}
  }
}

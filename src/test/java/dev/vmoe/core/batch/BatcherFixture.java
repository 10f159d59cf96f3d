package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.Sample;
import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.ModelCards;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;

/** A batcher of images of one pixel, and a classifier that answers each with its red value. */
abstract class BatcherFixture {

  static final Duration FOREVER = Duration.ofSeconds(20);
  static final Duration NEVER_LINGERS = Duration.ofMinutes(1);
  static final int BAD = 255;
  static final int NO_NATIVES = 253;
  static final RoutingSettings SETTINGS = new RoutingSettings(1.05, 2, Routing.VANILLA);

  final PixelEcho classifier = new PixelEcho();
  final List<Sample> samples = new CopyOnWriteArrayList<>();
  final AtomicInteger decoded = new AtomicInteger();
  volatile BatchLimits limits;
  volatile LongSupplier clock = System::nanoTime;
  volatile IntFunction<ByteBuffer> allocator = ByteBuffer::allocateDirect;
  WorkBounds bounds = WideBounds.ofThreads(2);

  /** Bytes that decoding an image takes. */
  ToLongFunction<byte[]> decodeBytes = encoded -> 0;

  /** Decodes images of another kind than the batcher's own; if there are such. */
  ImageDecoder decoder;

  /** What happens to an image before it is decoded. */
  volatile Consumer<byte[]> beforeDecoding = encoded -> {};

  /** Nanoseconds of a run by its images, as the controller predicts it. */
  IntToLongFunction fastestRun = images -> 0;

  MicroBatcher<Integer> batcher;

  @AfterEach
  void close() {
    classifier.permits.release(1_000_000);
    if (batcher != null) {
      batcher.close();
    }
  }

  void open(int maxImages, long maxBytes, Duration linger) {
    open(maxImages, maxBytes, linger, (run, origins) -> {});
  }

  void open(int maxImages, long maxBytes, Duration linger, RunObserver<Integer> observer) {
    batcher =
        new MicroBatcher<>(
            terms(maxImages, maxBytes, linger),
            bounds,
            observer,
            () -> clock.getAsLong(),
            bytes -> allocator.apply(bytes));
  }

  /** Terms of these limits, until others are set. */
  Supplier<BatchTerms> terms(int maxImages, long maxBytes, Duration linger) {
    FixedCapacity fixed =
        new FixedCapacity(
            new OperatingPoint(SETTINGS.capacityRatio(), SETTINGS.expertsPerToken()),
            SETTINGS.routing());
    CapacityController controller =
        new CapacityController() {
          @Override
          public Decision decide(Sample sample) {
            samples.add(sample);
            return fixed.decide(sample);
          }

          @Override
          public long fastestRunNanos(int images) {
            return fastestRun.applyAsLong(images);
          }
        };
    ImageDecoder ofPixels =
        new ImageDecoder() {
          @Override
          public void decode(byte[] encoded, ByteBuffer images, int slot) throws BadImageException {
            decoded.incrementAndGet();
            beforeDecoding.accept(encoded);
            BatcherFixture.decode(encoded, images, slot);
          }

          @Override
          public long decodeBytes(byte[] encoded) {
            return decodeBytes.applyAsLong(encoded);
          }
        };
    limits = new BatchLimits(maxImages, maxBytes, linger);
    ServedModel model =
        new ServedModel(List.of(classifier), decoder == null ? ofPixels : decoder, () -> {});
    return () -> new BatchTerms(model, limits, controller, null);
  }

  /** A 1×1 image whose red value is its first byte. */
  static void decode(byte[] encoded, ByteBuffer images, int slot) throws BadImageException {
    if ((encoded[0] & 0xff) == BAD) {
      throw new BadImageException("bad pixel");
    }
    if ((encoded[0] & 0xff) == NO_NATIVES) {
      throw new UnsatisfiedLinkError("no natives");
    }
    images.put(slot * 3, encoded[0]);
  }

  static byte[] encoded(int pixel, int length) {
    byte[] bytes = new byte[length];
    bytes[0] = (byte) pixel;
    return bytes;
  }

  static void submit(Lane<Integer> lane, int... pixels) {
    for (int pixel : pixels) {
      submit(lane, pixel, encoded(pixel, 1), ImagePriority.DEFAULT);
    }
  }

  static void submit(Lane<Integer> lane, int origin, byte[] encoded, float priority) {
    lane.submit(origin, encoded, priority, Lane.NEVER_DUE);
  }

  static Share<Integer> take(Lane<Integer> lane) throws InterruptedException {
    assertThat(lane.await(FOREVER)).isTrue();
    Share<Integer> share = lane.poll();
    assertThat(share).isNotNull();
    return share;
  }

  /** What the classifier said of each classified image of a share. */
  static List<Integer> classes(Share<Integer> share) {
    List<Integer> classes = new ArrayList<>();
    for (Answer<Integer> answer : share.answers()) {
      if (answer instanceof Answer.Classified<Integer> classified) {
        classes.add((int) share.run().result().logits()[classified.index()][0]);
      }
    }
    return classes;
  }

  /** Answers each image with its red value, when permitted. */
  static final class PixelEcho implements BatchClassifier {

    static final int FAILS = 254;

    static final long RUN_NANOS = 1;

    final Semaphore permits = new Semaphore(1_000_000);
    final List<List<Integer>> pixelsSeen = new CopyOnWriteArrayList<>();
    final List<float[]> prioritiesSeen = new CopyOnWriteArrayList<>();
    final CountDownLatch release = new CountDownLatch(1);
    final AtomicInteger running = new AtomicInteger();
    volatile boolean takesAllCores;

    /** A batch with this pixel runs until it is released. */
    volatile int held = -1;

    volatile int runs = 1;

    private final String name;

    PixelEcho() {
      this("echo");
    }

    PixelEcho(String name) {
      this.name = name;
    }

    @Override
    public int parallelRuns() {
      return runs;
    }

    @Override
    public boolean takesAllCores() {
      return takesAllCores;
    }

    @Override
    public ModelCard card() {
      return ModelCards.of(
          name, "", List.of("red"), 1, 1, List.of(), 0, 0, 1, true, "bilinear", "echo");
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      permits.acquireUninterruptibly();
      List<Integer> pixels =
          IntStream.range(0, numImages).map(i -> images.get(i * 3) & 0xff).boxed().toList();
      running.incrementAndGet();
      if (pixels.contains(held)) {
        awaitRelease();
      }
      running.decrementAndGet();
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
      return new BatchResult(
          logits,
          none,
          settings,
          0,
          settings.capacityRatio(),
          RUN_NANOS,
          new float[0][],
          new byte[0]);
    }

    private void awaitRelease() {
      while (release.getCount() > 0) {
        LockSupport.parkNanos(1_000_000); // as a run, it cannot be interrupted
      }
    }

    @Override
    public void close() {}
  }
}

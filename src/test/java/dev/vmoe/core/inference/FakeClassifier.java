package dev.vmoe.core.inference;

import dev.vmoe.core.moe.Capacity;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.ModelCards;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * A classifier whose class is the tenth of the grey scale that an image's mean falls into, and
 * whose experts are claimed in turn. It can be slow, and it can be told to fail.
 */
public final class FakeClassifier implements BatchClassifier {

  private static final int CLASSES = 10;
  private static final ModelCard CARD =
      ModelCards.of(
          "fake",
          "0000",
          IntStream.range(0, CLASSES).mapToObj(i -> "grey-" + i).toList(),
          8,
          5,
          List.of(1, 3),
          4,
          2,
          1.05,
          true,
          "bilinear",
          "none");

  private final ModelCard card;
  private final Duration runTime;
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicInteger runs = new AtomicInteger();
  private volatile boolean hold;
  private volatile int parallelRuns = 1;
  private volatile boolean holding;
  private volatile boolean closed;

  /** Creates a classifier that takes no time. */
  public FakeClassifier() {
    this(Duration.ZERO);
  }

  /** Creates a classifier that takes this long for a batch. */
  public FakeClassifier(Duration runTime) {
    this(runTime, CARD.name());
  }

  /** Creates a classifier of this name that takes this long for a batch. */
  public FakeClassifier(Duration runTime, String name) {
    this.runTime = runTime;
    this.card =
        ModelCards.of(
            name,
            CARD.weightsHash(),
            CARD.classes(),
            CARD.imageSize(),
            CARD.tokensPerImage(),
            CARD.moeBlocks(),
            CARD.numExperts(),
            CARD.expertsPerToken(),
            CARD.capacityRatio(),
            CARD.softmax(),
            CARD.resize(),
            CARD.architecture());
  }

  /** Lets the next runs fail. */
  public void failNext(int count) {
    failures.addAndGet(count);
  }

  /** Holds every run from now on until it is released or its thread is interrupted. */
  public void hold() {
    hold = true;
  }

  /** Lets held runs go on. */
  public void release() {
    hold = false;
  }

  /** Returns whether a run is held. */
  public boolean isHolding() {
    return holding;
  }

  /** Returns how many batches ran, failed ones included. */
  public int runs() {
    return runs.get();
  }

  /** Lets so many batches run at once. */
  public FakeClassifier withParallelRuns(int atOnce) {
    parallelRuns = atOnce;
    return this;
  }

  @Override
  public int parallelRuns() {
    return parallelRuns;
  }

  @Override
  public ModelCard card() {
    return card;
  }

  @Override
  public BatchResult classify(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    return classifyInDetail(images, numImages, priorities, settings);
  }

  @Override
  public BatchResult classifyInDetail(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    runs.incrementAndGet();
    if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw new InferenceException("told to fail", new IllegalStateException("test"));
    }
    long endNanos = System.nanoTime() + runTime.toNanos();
    for (long left = runTime.toNanos(); left > 0; left = endNanos - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
    while (hold && !Thread.currentThread().isInterrupted()) {
      holding = true;
      LockSupport.parkNanos(1_000_000);
    }
    int imageBytes = CARD.imageSize() * CARD.imageSize() * 3;
    int slots =
        Capacity.slots(
            numImages * CARD.tokensPerImage(),
            settings.expertsPerToken(),
            settings.capacityRatio(),
            CARD.numExperts());
    float[][] logits = new float[numImages][CLASSES];
    float[][] features = new float[numImages][];
    RoutingCounts counts = emptyCounts(numImages);
    int[] claimed = new int[CARD.numLayers() * CARD.numExperts()];
    byte[] kept = new byte[numImages * CARD.numLayers() * CARD.tokensPerImage()];
    for (int image = 0; image < numImages; image++) {
      int mean = mean(images, image * imageBytes, imageBytes);
      features[image] = new float[] {mean, -mean};
      for (int c = 0; c < CLASSES; c++) {
        logits[image][c] = -Math.abs(mean * CLASSES / 256 - c);
      }
      route(counts, kept, image, mean, settings.expertsPerToken(), slots, claimed);
    }
    return new BatchResult(
        logits,
        counts,
        settings,
        slots,
        Capacity.effectiveRatio(
            slots,
            numImages * CARD.tokensPerImage(),
            settings.expertsPerToken(),
            CARD.numExperts()),
        runTime.toNanos(),
        features,
        kept);
  }

  private static RoutingCounts emptyCounts(int numImages) {
    int choices = numImages * CARD.numLayers() * CARD.numExperts();
    return new RoutingCounts(
        numImages,
        CARD.numLayers(),
        CARD.numExperts(),
        new int[choices],
        new int[choices],
        new float[choices],
        new float[choices],
        new int[numImages * CARD.numLayers()]);
  }

  private static int mean(ByteBuffer images, int from, int count) {
    long sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += Byte.toUnsignedInt(images.get(i));
    }
    return (int) (sum / count);
  }

  private static void route(
      RoutingCounts counts, byte[] allKept, int image, int mean, int k, int slots, int[] claimed) {
    for (int layer = 0; layer < CARD.numLayers(); layer++) {
      for (int token = 0; token < CARD.tokensPerImage(); token++) {
        int kept = 0;
        for (int choice = 0; choice < k; choice++) {
          int expert = (mean + token + choice + layer) % CARD.numExperts();
          int count = counts.at(image, layer) + expert;
          counts.assigned()[count]++;
          counts.importance()[count] += 1f / k;
          if (claimed[layer * CARD.numExperts() + expert] < slots) {
            claimed[layer * CARD.numExperts() + expert]++;
            counts.dispatched()[count]++;
            counts.gateSum()[count] += 1f / k;
            kept++;
          }
        }
        int at = (image * CARD.numLayers() + layer) * CARD.tokensPerImage() + token;
        allKept[at] = (byte) kept;
        if (kept == 0) {
          counts.skipped()[image * CARD.numLayers() + layer]++;
        }
      }
    }
  }

  /** Returns whether it was closed. */
  public boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
  }
}

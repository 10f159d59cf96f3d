package dev.vmoe.lab.mutations;

import dev.vmoe.app.demo.ResidentMemory;
import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchLimits;
import dev.vmoe.core.batch.BatchTerms;
import dev.vmoe.core.batch.Lane;
import dev.vmoe.core.batch.MicroBatcher;
import dev.vmoe.core.batch.ServedModel;
import dev.vmoe.core.batch.Share;
import dev.vmoe.core.batch.WorkBounds;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.importer.modelstore.ModelOpener;
import dev.vmoe.lab.mutations.MutationsResult.DecodeBounds;
import dev.vmoe.lab.mutations.MutationsResult.DecodeOutcomes;
import dev.vmoe.lab.mutations.MutationsResult.DecodingMemory;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Sends damaged images through the batcher of an instance, with its bounds on the memory and the
 * time of decoding, and a model that does nothing.
 */
public final class DecodeMutations {

  private static final int IN_FLIGHT = 256;
  private static final BatchLimits LIMITS = new BatchLimits(64, 1L << 22, Duration.ofMillis(2));

  /** No batch takes longer: a decode that hangs is given up before. */
  private static final Duration NO_ANSWER = Duration.ofMinutes(5);

  /** Different reasons that are told apart. */
  private static final int MAX_REASONS = 200;

  private static final int READINGS = 1_000;

  private final long count;
  private final Mutants mutants;
  private final long seed;
  private final FindingsFolder findings;
  private final WatchedDecoder decoder;
  private final DecodeBounds bounds;
  private final WorkBounds workBounds;
  private final LongConsumer progress;
  private final Map<String, DecodeOutcomes> formats = new HashMap<>();
  private final Map<String, Long> refusals = new HashMap<>();
  private final Deque<Long> underWay = new ArrayDeque<>();
  private final Deque<Double> mebibytes = new ArrayDeque<>();
  private long images;

  /**
   * Prepares a run.
   *
   * @param count images
   * @param seed of the images
   * @param settings bounds and decode threads are theirs
   * @param folder where images are kept that are not handled
   * @param progress told how many images have an outcome
   */
  public DecodeMutations(
      long count, long seed, Settings settings, Path folder, LongConsumer progress)
      throws IOException {
    this(count, seed, settings, folder, progress, UnaryOperator.identity());
  }

  DecodeMutations(
      long count,
      long seed,
      Settings settings,
      Path folder,
      LongConsumer progress,
      UnaryOperator<ImageDecoder> replaced)
      throws IOException {
    this.count = count;
    this.seed = seed;
    this.mutants = new Mutants(seed);
    this.findings = new FindingsFolder(folder);
    this.progress = progress;
    this.decoder =
        new WatchedDecoder(
            replaced.apply(
                ModelOpener.decoder(new BlankClassifier().card(), ModelOpener.limits(settings))),
            findings);
    long decodeBytes = settings.decodeMaxBytes(0);
    this.bounds =
        new DecodeBounds(
            settings.decodeThreads(true), decodeBytes, settings.decodeTimeout().toMillis());
    this.workBounds =
        new WorkBounds(
            bounds.threads(),
            () -> decodeBytes,
            settings.decodeTimeout(),
            settings.inferenceTimeout());
  }

  /** Runs; returns what became of the images. */
  public MutationsResult run() throws InterruptedException, IOException {
    BatchTerms terms =
        new BatchTerms(
            new ServedModel(new BlankClassifier(), decoder, () -> {}),
            LIMITS,
            new FixedCapacity(new OperatingPoint(1, 1), Routing.VANILLA),
            null);
    long startNanos = System.nanoTime();
    String brokenBy;
    try (MicroBatcher<Long> batcher =
        new MicroBatcher<>(() -> terms, workBounds, (run, origins) -> {})) {
      brokenBy = sendAll(batcher);
    }
    findings.deleteNotes();
    return new MutationsResult(
        seed,
        images,
        formats,
        refusals,
        findings.counts(),
        brokenBy,
        memory(),
        decoder.slowestNanos() / 1e6,
        (System.nanoTime() - startNanos) / 1e9,
        bounds);
  }

  /** Returns why not all images could be sent; null if they were. */
  private @Nullable String sendAll(MicroBatcher<Long> batcher) throws InterruptedException {
    Lane<Long> lane = batcher.openLane();
    long next = 0;
    try {
      while (next < count || !underWay.isEmpty()) {
        try {
          while (next < count && lane.pending() < IN_FLIGHT) {
            lane.submit(next, mutants.bytes(next));
            underWay.addLast(next++);
          }
          take(lane);
        } catch (InferenceException e) {
          if (batcher.broken().toCompletableFuture().isDone()) {
            return e.getMessage();
          }
          lane.close();
          lane = batcher.openLane();
          while (!underWay.isEmpty()) {
            count(underWay.removeFirst(), new DecodeOutcomes(0, 0, 0, 1));
          }
        }
      }
      return null;
    } finally {
      lane.close();
    }
  }

  private void take(Lane<Long> lane) throws InterruptedException {
    if (!lane.await(NO_ANSWER)) {
      throw new IllegalStateException("no batch ended within " + NO_ANSWER);
    }
    for (Share<Long> share = lane.poll(); share != null; share = lane.poll()) {
      for (Answer<Long> answer : share.answers()) {
        underWay.removeFirst();
        judge(answer);
      }
    }
  }

  private void judge(Answer<Long> answer) {
    long number = answer.origin();
    if (answer instanceof Answer.Rejected<Long> rejected) {
      if (rejected.cause() == Answer.Cause.TIMEOUT) {
        findings.keep("timeout", mutants.bytes(number));
        count(number, new DecodeOutcomes(0, 0, 1, 0));
        return;
      }
      if (Mutants.whole(number)) {
        findings.keep("whole-but-refused", mutants.bytes(number));
      }
      String reason = inShort(rejected.reason());
      refusals.merge(
          refusals.size() < MAX_REASONS || refusals.containsKey(reason) ? reason : "other",
          1L,
          Long::sum);
      count(number, new DecodeOutcomes(0, 1, 0, 0));
    } else {
      count(number, new DecodeOutcomes(1, 0, 0, 0));
    }
  }

  /** Returns a reason without what differs from image to image. */
  static String inShort(String reason) {
    return reason.replaceFirst("[:(].*", "").replaceAll("-?\\d+", "N").strip();
  }

  private void count(long number, DecodeOutcomes outcome) {
    formats.merge(mutants.file(number).format(), outcome, DecodeOutcomes::plus);
    if (images++ % Math.max(1, count / READINGS) == 0) {
      ResidentMemory.mebibytes().ifPresent(mebibytes::addLast);
    }
    progress.accept(images);
  }

  private DecodingMemory memory() {
    long tenth = Math.max(1, mebibytes.size() / 10);
    return new DecodingMemory(
        mebibytes.stream().limit(tenth).mapToDouble(it -> it).average().orElse(Double.NaN),
        mebibytes.stream()
            .skip(Math.max(0, mebibytes.size() - tenth))
            .mapToDouble(it -> it)
            .average()
            .orElse(Double.NaN),
        mebibytes.stream().mapToDouble(it -> it).max().orElse(Double.NaN));
  }
}

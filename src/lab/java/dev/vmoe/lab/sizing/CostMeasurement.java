package dev.vmoe.lab.sizing;

import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.LocalPipeline;
import dev.vmoe.app.demo.ResidentMemory;
import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.PointBounds;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.capacity.RunTime;
import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.core.survey.CostSurvey;
import dev.vmoe.importer.modelstore.ModelOpener;
import dev.vmoe.lab.bench.CpuShares;
import dev.vmoe.lab.overload.ArrivalTrace;
import dev.vmoe.lab.overload.SteeredPipeline;
import dev.vmoe.lab.overload.TraceOutcome;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.CapacityRequirements;
import dev.vmoe.streams.settings.Settings;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Measures what one instance costs on this machine: the model alone by operating point and batch
 * size, decoding, and what a pipeline adds, kept busy and with next to no load.
 */
public final class CostMeasurement {

  /** Rate of next to no load, which shows what an answer takes besides queue and run. */
  private static final double SPARSE_PER_SECOND = 20;

  private static final double SPARSE_SECONDS = 15;
  private static final Duration WARM_UP = Duration.ofSeconds(12);
  private static final Duration SETTLING = Duration.ofSeconds(1);
  private static final Duration BUSY = Duration.ofSeconds(5);
  private static final int WINDOW_BATCHES = 16;

  /** The median of these, by throughput, counts: the machine may have a slow moment. */
  private static final int BUSY_ROUNDS = 5;

  private static final int DECODED_IMAGES = 256;
  private static final int DECODING_ROUNDS = 5;
  private static final double MIB = 1 << 20;

  /** Batches of the pipeline that is measured, and its linger: the settings' defaults. */
  public static final Batching USUAL = new Batching(32, 20);

  private final VmoeSession session;
  private final int threads;
  private final QualityProfile quality;
  private final PointBounds bounds;
  private final List<LabelledImage> images;
  private final Progress progress;
  private final long seed;

  /**
   * Prepares a measurement.
   *
   * @param threads threads of the session on the CPU
   * @param quality accuracy of every point that is measured
   * @param bounds where the best point is looked for
   * @param images encoded images; at least one
   */
  public CostMeasurement(
      VmoeSession session,
      int threads,
      QualityProfile quality,
      PointBounds bounds,
      List<LabelledImage> images,
      Progress progress,
      long seed) {
    this.session = session;
    this.threads = threads;
    this.quality = quality;
    this.bounds = bounds;
    this.images = images;
    this.progress = progress;
    this.seed = seed;
  }

  /**
   * Measures.
   *
   * @param largestBatch images of the largest batch
   * @param survey time for the model alone
   */
  public MeasuredCosts measure(int largestBatch, Duration survey) throws InterruptedException {
    ModelCard card = session.card();
    ImageDecoder decoder = ModelOpener.decoder(card);
    double decodeMillis = decodeMillis(card, decoder);
    List<MeasuredCosts.MeasuredRun> runs = survey(card, decoder, largestBatch, survey);
    MeasuredCosts bare =
        new MeasuredCosts(
            card.name(),
            card.weightsHash(),
            card.imageSize(),
            session.device().label(),
            threads,
            session.parallelRuns(),
            session.takesAllCores(),
            Routing.BATCH_PRIORITY.label(),
            Math.round(images.stream().mapToInt(it -> it.encoded().length).average().orElseThrow()),
            rounded(decodeMillis),
            0,
            new MeasuredCosts.InPipeline(1, 1, 1, 0, 0, 0, 0, 0),
            runs);
    MeasuredCosts.InPipeline pipeline = inPipeline(bare, largestBatch);
    return bare.with(Math.round(besideHeapMib()), pipeline);
  }

  /** Returns MiB beside the heap; 0, unknown, unless the whole heap is resident. */
  private static double besideHeapMib() {
    boolean touched =
        ManagementFactory.getRuntimeMXBean().getInputArguments().contains("-XX:+AlwaysPreTouch");
    double heapMib = Runtime.getRuntime().totalMemory() / MIB;
    return touched ? Math.max(0, ResidentMemory.mebibytes().orElse(0) - heapMib) : 0;
  }

  private double decodeMillis(ModelCard card, ImageDecoder decoder) {
    ByteBuffer slot = ByteBuffer.allocateDirect(3 * card.imageSize() * card.imageSize());
    int count = Math.min(DECODED_IMAGES, images.size());
    double[] millis = new double[DECODING_ROUNDS];
    for (int round = 0; round < DECODING_ROUNDS; round++) {
      long startNanos = System.nanoTime();
      for (LabelledImage image : images.subList(0, count)) {
        decode(decoder, image, slot, 0);
      }
      millis[round] = (System.nanoTime() - startNanos) / 1e6 / count;
    }
    return Samples.median(millis);
  }

  private static void decode(ImageDecoder decoder, LabelledImage image, ByteBuffer to, int slot) {
    try {
      decoder.decode(image.encoded(), to, slot);
    } catch (BadImageException e) {
      throw new IllegalArgumentException(
          "costs are measured on images that can be decoded, "
              + image.name()
              + " cannot: "
              + e.getMessage(),
          e);
    }
  }

  /** Decoded images, not noise: they cost what images cost where experts are unevenly loaded. */
  private List<MeasuredCosts.MeasuredRun> survey(
      ModelCard card, ImageDecoder decoder, int largest, Duration budget) {
    ByteBuffer decoded =
        ByteBuffer.allocateDirect(
            Math.multiplyExact(3 * card.imageSize() * card.imageSize(), largest));
    for (int i = 0; i < largest; i++) {
      decode(decoder, images.get(i % images.size()), decoded, i);
    }
    TreeSet<Integer> sizes = new TreeSet<>(List.of(1, 4, 8, 16, 32, 64, largest));
    sizes.removeIf(size -> size > largest);
    CostSurvey.Surveyed result;
    try (Progress.Bar bar = progress.bar("time of the model alone, %", 100)) {
      result =
          new CostSurvey(session, Routing.BATCH_PRIORITY, decoded)
              .measure(quality.points(), List.copyOf(sizes), budget, bar::at);
    }
    progress.say(
        String.format(
            "%d of %d operating points and batch sizes measured, in %d whole rounds; the rest lies"
                + " between those",
            result.measured(), result.cells(), result.rounds()));
    CostModel cost = result.cost();
    return cost.points().stream()
        .flatMap(
            point ->
                sizes.stream()
                    .map(
                        size ->
                            new MeasuredCosts.MeasuredRun(
                                point.expertsPerToken(),
                                point.capacityRatio(),
                                size,
                                rounded(1e3 * cost.surveyedSeconds(point, size)))))
        .toList();
  }

  private MeasuredCosts.InPipeline inPipeline(MeasuredCosts bare, int largestBatch)
      throws InterruptedException {
    Batching batching = new Batching(Math.min(USUAL.maxImages(), largestBatch), USUAL.lingerMs());
    OperatingPoint best = forecaster(bare).best(batching.maxImages());
    try (SteeredPipeline pipeline = pipeline(best, batching, session, images, progress::say)) {
      progress.say("measuring the pipeline, kept busy");
      int window = WINDOW_BATCHES * batching.maxImages();
      pipeline.saturate(fixed(best), WARM_UP, SETTLING, window, seed);
      List<MeasuredCosts.InPipeline> rounds = new ArrayList<>();
      for (int round = 0; round < BUSY_ROUNDS; round++) {
        rounds.add(busy(bare, pipeline, best, batching, window));
      }
      rounds.sort(Comparator.comparingDouble(MeasuredCosts.InPipeline::imagesPerSecond));
      progress.say(
          String.format(
              "kept busy it answers %.0f images/s, %.0f to %.0f in %d rounds",
              rounds.get(BUSY_ROUNDS / 2).imagesPerSecond(),
              rounds.get(0).imagesPerSecond(),
              rounds.get(BUSY_ROUNDS - 1).imagesPerSecond(),
              BUSY_ROUNDS));
      progress.say("measuring the pipeline with next to no load");
      return rested(bare, rounds.get(BUSY_ROUNDS / 2), pipeline, best, batching);
    }
  }

  /** Starts a pipeline under a client that sends these images. */
  public static SteeredPipeline pipeline(
      OperatingPoint point,
      Batching batching,
      VmoeSession session,
      List<LabelledImage> images,
      Consumer<String> progress)
      throws InterruptedException {
    Map<String, String> properties =
        LocalPipeline.properties(
            new RoutingSettings(
                point.capacityRatio(), point.expertsPerToken(), Routing.BATCH_PRIORITY),
            batching.maxImages());
    properties.put(Settings.BATCH_LINGER_MS, Integer.toString(batching.lingerMs()));
    return new SteeredPipeline(properties, List.of(session), images, fixed(point), progress);
  }

  private MeasuredCosts.InPipeline busy(
      MeasuredCosts bare,
      SteeredPipeline pipeline,
      OperatingPoint best,
      Batching batching,
      int window)
      throws InterruptedException {
    RecordedRuns recorded = new RecordedRuns(fixed(best));
    CpuShares cpu = new CpuShares();
    double perSecond = pipeline.saturate(recorded, SETTLING, BUSY, window, seed);
    long streamsNanos = cpu.nanos().getOrDefault(CpuShares.Role.STREAMS, 0L);
    int full = batching.maxImages();
    double[] seconds =
        recorded.runs().stream()
            .filter(run -> run.images() == full)
            .mapToDouble(run -> run.nanos() / 1e9)
            .toArray();
    if (seconds.length < 5) {
      throw new IllegalStateException(
          "only "
              + seconds.length
              + " full batches ran in "
              + BUSY.toSeconds()
              + " s: the model is"
              + " too slow here to be measured in a pipeline");
    }
    double mean = Arrays.stream(seconds).average().orElseThrow();
    double surveyed = bare.model(1).surveyedSeconds(best, full);
    double gapMillis = Math.max(0, 1e3 * bare.parallelRuns() / perSecond - 1e3 * mean / full);
    return new MeasuredCosts.InPipeline(
        full,
        rounded(perSecond),
        rounded(mean / surveyed),
        rounded(Samples.deviationOfLog(seconds)),
        rounded(gapMillis),
        0,
        0,
        rounded(streamsNanos / 1e6 / recorded.images()));
  }

  private MeasuredCosts.InPipeline rested(
      MeasuredCosts bare,
      MeasuredCosts.InPipeline busy,
      SteeredPipeline pipeline,
      OperatingPoint best,
      Batching batching)
      throws InterruptedException {
    RecordedRuns recorded = new RecordedRuns(fixed(best));
    ArrivalTrace trace =
        ArrivalTrace.poisson(
            "sparse", List.of(new ArrivalTrace.Phase(SPARSE_SECONDS, SPARSE_PER_SECOND)), seed);
    TraceOutcome outcome = pipeline.play(recorded, trace, null, seed);
    CostModel model = bare.model(busy.slowdown());
    double restMillis =
        Samples.median(
            recorded.runs().stream().mapToDouble(run -> 1e3 * longer(run, model)).toArray());
    MeasuredCosts.InPipeline rested = busy.with(rounded(Math.max(0, restMillis)), 0);
    double predicted = forecaster(bare.with(0, rested)).of(trace, batching, fixed(best)).p50Ms();
    double measured =
        1e3
            * Samples.median(
                IntStream.range(0, outcome.images())
                    .filter(outcome::isAnswered)
                    .mapToDouble(outcome::latencySeconds)
                    .toArray());
    return busy.with(rested.restMillis(), rounded(Math.max(0, measured - predicted)));
  }

  private static double longer(RunTime run, CostModel model) {
    return run.nanos() / 1e9 - model.surveyedSeconds(run.point(), run.images());
  }

  private Forecaster forecaster(MeasuredCosts costs) {
    Settings defaults = new Settings(Map.of());
    return new Forecaster(
        costs,
        quality,
        bounds,
        defaults.commitInterval().toMillis() / 1e3,
        CapacityRequirements.overhead(defaults.commitInterval()));
  }

  private static FixedCapacity fixed(OperatingPoint point) {
    return new FixedCapacity(point, Routing.BATCH_PRIORITY);
  }

  private static double rounded(double value) {
    return Math.round(1e4 * value) / 1e4;
  }
}

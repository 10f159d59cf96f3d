package dev.vmoe.instance;

import dev.vmoe.batch.BufferRoom;
import dev.vmoe.batch.CostSurvey;
import dev.vmoe.capacity.AdaptiveCapacity;
import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.CostModel;
import dev.vmoe.capacity.Decision;
import dev.vmoe.capacity.DelayTracker;
import dev.vmoe.capacity.FixedCapacity;
import dev.vmoe.capacity.Hysteresis;
import dev.vmoe.capacity.Ladder;
import dev.vmoe.capacity.ObservedCapacity;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.capacity.ProportionalCapacity;
import dev.vmoe.capacity.QualityProfile;
import dev.vmoe.capacity.RunTime;
import dev.vmoe.capacity.Sample;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.metrics.CapacityMetrics;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.CapacityMode;
import dev.vmoe.settings.CapacityRequirements;
import dev.vmoe.settings.CapacitySettings;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import java.time.Duration;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Controllers for both modes over one cost model: surveyed once on this device, then learning from
 * every run, whichever controller decides and however often the settings change.
 */
public final class LearnedControllers implements ControllerFactory {

  private static final long NOISE_SEED = 1;

  private static final Logger log = LoggerFactory.getLogger(LearnedControllers.class);

  private final QualityProfile quality;
  private final CostModel cost;
  private final Duration commitInterval;
  private final CapacityMetrics metrics;

  private LearnedControllers(
      QualityProfile quality, CostModel cost, Duration commitInterval, CapacityMetrics metrics) {
    this.quality = quality;
    this.cost = cost;
    this.commitInterval = commitInterval;
    this.metrics = metrics;
  }

  /** Measures for the settings file alone. */
  public static LearnedControllers survey(
      Settings settings,
      BatchClassifier classifier,
      @Nullable QualityProfile quality,
      CapacityMetrics metrics,
      IntConsumer percentDone) {
    return survey(settings, LiveSettings.of(settings), classifier, quality, metrics, percentDone);
  }

  /**
   * Measures the cost of every operating point whose quality is known.
   *
   * @param live what is about to be in force: the largest batch, and the order
   * @param classifier model on its device, which must not be running otherwise; what runs beside it
   *     there makes it look dearer, until its own runs are known
   * @param quality its measured quality; null where nobody has measured it
   * @param metrics recorders of what is predicted and what comes of it
   * @param percentDone told how much of the survey is done
   */
  public static LearnedControllers survey(
      Settings settings,
      LiveSettings live,
      BatchClassifier classifier,
      @Nullable QualityProfile quality,
      CapacityMetrics metrics,
      IntConsumer percentDone) {
    ModelCard card = classifier.card();
    BufferRoom.runnable(live, card); // before memory is taken for the largest batch
    QualityProfile known = QualityProfile.known(quality, card);
    if (quality == null && !card.dense()) {
      log.warn(
          "{} has no quality profile: of two operating points the one with more slots is taken for"
              + " the better; vmoe sweep measures how good they are",
          card.name());
    }
    int largest = live.maxBatchImages();
    CostSurvey.Result surveyed =
        CostSurvey.ofNoise(classifier, live.capacity().routing(), largest, NOISE_SEED)
            .measure(
                known.points(), CostSurvey.batchSizes(largest), settings.costSurvey(), percentDone);
    log.info(
        "cost of {} operating points known: {} of {} cells measured, {} rounds",
        known.points().size(),
        surveyed.measured(),
        surveyed.cells(),
        surveyed.rounds());
    return new LearnedControllers(known, surveyed.cost(), settings.commitInterval(), metrics);
  }

  /** Returns controllers over the same survey that have learnt nothing. */
  public LearnedControllers unlearnt() {
    return new LearnedControllers(quality, cost.unlearnt(), commitInterval, metrics);
  }

  @Override
  public CapacityController create(LiveSettings settings) {
    CapacitySettings capacity = settings.capacity();
    if (capacity.mode() == CapacityMode.FIXED) {
      return observed(
          new FixedCapacity(capacity.point(), capacity.routing()),
          List.of(capacity.point()),
          settings);
    }
    CapacityRequirements.check(settings, commitInterval, quality);
    Ladder ladder = ladder(settings);
    log.info("adaptive capacity over {}", ladder.rungs());
    return observed(
        new AdaptiveCapacity(
            cost,
            ladder,
            capacity.targetLatency(),
            CapacityRequirements.overhead(commitInterval),
            Hysteresis.DEFAULT),
        ladder.rungs(),
        settings);
  }

  /** Returns the baseline to compare with: capacity in proportion to the backlog. */
  public CapacityController proportional(LiveSettings settings) {
    Ladder ladder = ladder(settings);
    return observed(
        new ProportionalCapacity(
            cost,
            ladder,
            settings.capacity().targetLatency(),
            CapacityRequirements.overhead(commitInterval)),
        ladder.rungs(),
        settings);
  }

  private Ladder ladder(LiveSettings settings) {
    return Ladder.of(
        cost,
        quality,
        settings.capacity().routing(),
        settings.maxBatchImages(),
        settings.capacity().bounds().toPoints());
  }

  private CapacityController observed(
      CapacityController controller, List<OperatingPoint> points, LiveSettings settings) {
    return new Recorded(controller, points, settings.maxBatchImages());
  }

  /** Records what was predicted of runs and delays beside what came of it. */
  private final class Recorded implements CapacityController {

    private final DelayTracker delays = new DelayTracker();
    private final ObservedCapacity controller;
    private final List<OperatingPoint> points;
    private final int fullBatch;
    private @Nullable RunTime lastRun;
    private long checked;

    Recorded(CapacityController controller, List<OperatingPoint> points, int fullBatch) {
      this.controller =
          new ObservedCapacity(controller, cost, delays, Hysteresis.DEFAULT.staleAfter());
      this.points = points.stream().filter(cost.points()::contains).toList();
      this.fullBatch = fullBatch;
      cost.fullBatch(fullBatch);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // a run that failed leaves the one before in the sample
    public Decision decide(Sample sample) {
      RunTime run = sample.lastRun();
      if (run != null && run != lastRun && cost.points().contains(run.point())) {
        metrics.cost(Math.round(1e9 * cost.runSeconds(run.point(), run.images())), run.nanos());
        lastRun = run;
      }
      Decision decision = controller.decide(sample);
      if (delays.checked() > checked) {
        checked = delays.checked();
        metrics.delayed(delays.actualNanos());
      }
      if (points.isEmpty()) {
        metrics.attainable(Double.NaN, Double.NaN);
      } else {
        metrics.attainable(
            cost.imagesPerSecond(points.get(points.size() - 1), fullBatch),
            points.stream()
                .mapToDouble(point -> cost.imagesPerSecond(point, fullBatch))
                .max()
                .orElseThrow());
      }
      return decision;
    }
  }
}

package dev.vmoe.instance;

import dev.vmoe.batch.BufferRoom;
import dev.vmoe.batch.CostSurvey;
import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.CapacityObserver;
import dev.vmoe.capacity.CapacityPolicy;
import dev.vmoe.capacity.CostModel;
import dev.vmoe.capacity.Ladder;
import dev.vmoe.capacity.LatencyBudget;
import dev.vmoe.capacity.LearningCapacity;
import dev.vmoe.capacity.QualityProfile;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.metrics.CapacityMetrics;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.CapacityMode;
import dev.vmoe.settings.CapacityRequirements;
import dev.vmoe.settings.CapacitySettings;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import java.time.Duration;
import java.util.function.BiFunction;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the controllers of one model. They share one cost model, which is surveyed once on this
 * device and learns from every run, also when the settings change.
 */
public final class LearnedControllers implements ControllerFactory {

  private static final long NOISE_SEED = 1;

  private static final Logger log = LoggerFactory.getLogger(LearnedControllers.class);

  private final QualityProfile quality;
  private final CostModel cost;
  private final Duration commitInterval;
  private final CapacityObserver recorder;

  private LearnedControllers(
      QualityProfile quality, CostModel cost, Duration commitInterval, CapacityObserver recorder) {
    this.quality = quality;
    this.cost = cost;
    this.commitInterval = commitInterval;
    this.recorder = recorder;
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
   * @param classifier model on its device; nothing else should run there, since that would make the
   *     model look slower until its own runs are known
   * @param quality its measured quality; null if it was not measured
   * @param metrics records what is predicted and what happens
   * @param percentDone told how much of the survey is done, in percent
   */
  public static LearnedControllers survey(
      Settings settings,
      LiveSettings live,
      BatchClassifier classifier,
      @Nullable QualityProfile quality,
      CapacityMetrics metrics,
      IntConsumer percentDone) {
    ModelCard card = classifier.card();
    BufferRoom.runnable(
        live, card, classifier.parallelRuns()); // before memory is taken for the largest batch
    QualityProfile known = QualityProfile.known(quality, card);
    if (quality == null && !card.dense()) {
      log.warn(
          "{} has no quality profile: of two operating points, the one with more slots is assumed"
              + " to be the better one; vmoe sweep measures how good they are",
          card.name());
    }
    int largest = live.maxBatchImages();
    CostSurvey.Surveyed surveyed =
        CostSurvey.ofNoise(classifier, live.capacity().routing(), largest, NOISE_SEED)
            .measure(
                known.points(), CostSurvey.batchSizes(largest), settings.costSurvey(), percentDone);
    log.info(
        "cost of {} operating points known: {} of {} cells measured, {} rounds",
        known.points().size(),
        surveyed.measured(),
        surveyed.cells(),
        surveyed.rounds());
    return new LearnedControllers(
        known, surveyed.cost(), settings.commitInterval(), new CapacityRecorder(metrics));
  }

  /** Returns controllers over the same survey that have learnt nothing. */
  public LearnedControllers unlearnt() {
    return new LearnedControllers(quality, cost.unlearnt(), commitInterval, recorder);
  }

  @Override
  public CapacityController create(LiveSettings settings) {
    check(settings);
    CapacitySettings capacity = settings.capacity();
    if (capacity.mode() == CapacityMode.FIXED) {
      return LearningCapacity.fixed(
          cost, capacity.point(), capacity.routing(), settings.maxBatchImages(), recorder);
    }
    Ladder ladder = ladder(settings);
    log.info("adaptive capacity over {}", ladder.rungs());
    return LearningCapacity.adaptive(cost, ladder, budget(settings), recorder);
  }

  @Override
  public void check(LiveSettings settings) {
    CapacityRequirements.check(settings, commitInterval, quality);
  }

  /** Returns a controller with another policy than the one that the settings ask for. */
  public CapacityController choosing(
      LiveSettings settings, BiFunction<Ladder, LatencyBudget, CapacityPolicy> policy) {
    Ladder ladder = ladder(settings);
    return new LearningCapacity(cost, ladder, policy.apply(ladder, budget(settings)), recorder);
  }

  private Ladder ladder(LiveSettings settings) {
    return Ladder.of(
        cost,
        quality,
        settings.capacity().routing(),
        settings.maxBatchImages(),
        settings.capacity().bounds().toPoints());
  }

  private LatencyBudget budget(LiveSettings settings) {
    return new LatencyBudget(
        settings.capacity().targetLatency(), CapacityRequirements.overhead(commitInterval));
  }

  /** Records what was predicted of runs and delays, and what happened. */
  private record CapacityRecorder(CapacityMetrics metrics) implements CapacityObserver {

    @Override
    public void runEnded(long predictedNanos, long actualNanos) {
      metrics.cost(predictedNanos, actualNanos);
    }

    @Override
    public void backlogAnswered(long actualDelayNanos) {
      metrics.delayed(actualDelayNanos);
    }

    @Override
    public void decided(double bestPerSecond, double fastestPerSecond) {
      metrics.attainable(bestPerSecond, fastestPerSecond);
    }
  }
}

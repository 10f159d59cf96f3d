package dev.vmoe.streams.instance;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.CapacityObserver;
import dev.vmoe.core.capacity.CapacityPolicy;
import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.Ladder;
import dev.vmoe.core.capacity.LatencyBudget;
import dev.vmoe.core.capacity.LearningCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.survey.CostSurvey;
import dev.vmoe.streams.metrics.CapacityMetrics;
import dev.vmoe.streams.settings.CapacityMode;
import dev.vmoe.streams.settings.CapacityRequirements;
import dev.vmoe.streams.settings.CapacitySettings;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the controllers of one model, or of several beside each other. They share one cost model,
 * which is surveyed once on this device and learns from every run, also when the settings change.
 */
public final class LearnedControllers implements ControllerFactory {

  private static final long NOISE_SEED = 1;

  private static final Logger log = LoggerFactory.getLogger(LearnedControllers.class);

  /** Names of the models, for people. */
  private final List<String> models;

  private final QualityProfile quality;
  private final CostModel cost;
  private final Duration commitInterval;
  private final CapacityObserver recorder;

  private LearnedControllers(
      List<String> models,
      QualityProfile quality,
      CostModel cost,
      Duration commitInterval,
      CapacityObserver recorder) {
    this.models = models;
    this.quality = quality;
    this.cost = cost;
    this.commitInterval = commitInterval;
    this.recorder = recorder;
  }

  /**
   * A model that is about to be surveyed.
   *
   * @param classifier model on its device; nothing else should run there, since that would make the
   *     model look slower until its own runs are known
   * @param quality its measured quality; null if it was not measured
   */
  public record SurveyedModel(BatchClassifier classifier, @Nullable QualityProfile quality) {}

  /** Measures one model, for the settings file alone. */
  public static LearnedControllers survey(
      Settings settings,
      BatchClassifier classifier,
      @Nullable QualityProfile quality,
      CapacityMetrics metrics,
      IntConsumer percentDone) {
    return survey(
        settings,
        LiveSettings.of(settings),
        List.of(new SurveyedModel(classifier, quality)),
        metrics,
        percentDone);
  }

  /**
   * Measures the cost of every operating point whose quality is known. The time for it is shared
   * out over the models.
   *
   * @param live what is about to be in force: the largest batch, and the order
   * @param models by the index of an operating point
   * @param metrics records what is predicted and what happens
   * @param percentDone told how much of the survey is done, in percent
   */
  public static LearnedControllers survey(
      Settings settings,
      LiveSettings live,
      List<SurveyedModel> models,
      CapacityMetrics metrics,
      IntConsumer percentDone) {
    List<ModelCard> cards = models.stream().map(model -> model.classifier().card()).toList();
    live.runnable(
        cards, models.get(0).classifier().parallelRuns()); // before the survey takes memory
    List<QualityProfile> qualities = new ArrayList<>();
    List<CostModel> costs = new ArrayList<>();
    Duration each = settings.costSurvey().dividedBy(models.size());
    for (int i = 0; i < models.size(); i++) {
      int done = i;
      QualityProfile known = quality(models.get(i));
      qualities.add(known);
      costs.add(
          cost(
              models.get(i).classifier(),
              known,
              live,
              each,
              percent -> percentDone.accept((100 * done + percent) / models.size())));
    }
    return new LearnedControllers(
        cards.stream().map(ModelCard::name).toList(),
        QualityProfile.ofModels(qualities),
        CostModel.ofModels(costs),
        settings.commitInterval(),
        new CapacityRecorder(metrics));
  }

  private static QualityProfile quality(SurveyedModel model) {
    ModelCard card = model.classifier().card();
    if (model.quality() == null && !card.dense()) {
      log.warn(
          "{} has no quality profile: of two operating points, the one with more slots is assumed"
              + " to be the better one; vmoe lab sweep measures how good they are",
          card.name());
    }
    return QualityProfile.known(model.quality(), card);
  }

  private static CostModel cost(
      BatchClassifier classifier,
      QualityProfile known,
      LiveSettings live,
      Duration budget,
      IntConsumer percentDone) {
    int largest = live.maxBatchImages();
    CostSurvey.Surveyed surveyed =
        new CostSurvey(classifier, live.capacity().routing(), largest, NOISE_SEED)
            .measure(known.points(), CostSurvey.batchSizes(largest), budget, percentDone);
    log.info(
        "cost of {} operating points of {} known: {} of {} cells measured, {} rounds",
        known.points().size(),
        classifier.card().name(),
        surveyed.measured(),
        surveyed.cells(),
        surveyed.rounds());
    if (!surveyed.clear() && known.points().size() > 1) {
      log.warn(
          "with {}, more work does not clearly take more time, as far as was measured, so capacity"
              + " may not follow the load. If the machine was busy, restart the instance, or raise"
              + " {}",
          classifier.card().name(),
          Settings.COST_SURVEY_MS);
    }
    return surveyed.cost();
  }

  /** Returns controllers over the same survey that have learnt nothing. */
  public LearnedControllers unlearnt() {
    return new LearnedControllers(models, quality, cost.unlearnt(), commitInterval, recorder);
  }

  /** Returns controllers that choose among some of the models, which keep their indices. */
  public LearnedControllers among(Set<Integer> some) {
    return new LearnedControllers(models, quality.among(some), cost, commitInterval, recorder);
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
    log.info("adaptive capacity over {}", ladder.rungs().stream().map(this::text).toList());
    return LearningCapacity.adaptive(cost, ladder, budget(settings), recorder);
  }

  private String text(OperatingPoint point) {
    return "%s ratio %s K %d"
        .formatted(models.get(point.model()), point.capacityRatio(), point.expertsPerToken());
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

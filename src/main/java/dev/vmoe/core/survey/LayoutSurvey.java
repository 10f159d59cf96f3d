package dev.vmoe.core.survey;

import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out how many batches should run at once, by running full batches at full quality in one
 * layout after the other.
 *
 * <p>It begins with the fewest runs. More runs, each on fewer threads, are taken as long as they
 * clearly answer more images, and a batch is not too slow for it.
 *
 * @param <C> kind of classifier
 */
public final class LayoutSurvey<C extends BatchClassifier> {

  /** Minimum gain in throughput, as a factor; a smaller one may be noise. */
  static final double MIN_GAIN = 1.03;

  private static final Logger log = LoggerFactory.getLogger(LayoutSurvey.class);

  private static final long NOISE_SEED = 1;

  private final Opener<C> opener;
  private final int batchImages;
  private final Duration maxRun;
  private final Duration budget;

  @FunctionalInterface
  public interface Opener<C> {
    C open(RunLayout layout);
  }

  /**
   * Creates a survey.
   *
   * @param opener opens the model in a layout, warmed up
   * @param batchImages images of a full batch
   * @param maxRun maximum time of a full batch where several run at once
   * @param budget time limit of the measurement of each layout; two runs are always measured
   */
  public LayoutSurvey(Opener<C> opener, int batchImages, Duration maxRun, Duration budget) {
    this.opener = opener;
    this.batchImages = batchImages;
    this.maxRun = maxRun;
    this.budget = budget;
  }

  /**
   * Returns the model, opened in the best layout. At no time is it open twice.
   *
   * @param first the model in the first layout; closed, unless it is returned
   * @param layouts at least one, fewest runs first
   */
  public C choose(C first, List<RunLayout> layouts) {
    RunLayout best = layouts.get(0);
    C classifier = first;
    double perSecond = perSecond(classifier, best);
    for (RunLayout next : layouts.subList(1, layouts.size())) {
      classifier.close();
      classifier = opener.open(next);
      double nextPerSecond = perSecond(classifier, next);
      double runSeconds = next.runs() * batchImages / nextPerSecond;
      if (nextPerSecond < MIN_GAIN * perSecond || runSeconds > maxRun.toNanos() / 1e9) {
        classifier.close();
        return opener.open(best);
      }
      best = next;
      perSecond = nextPerSecond;
    }
    return classifier;
  }

  private double perSecond(C classifier, RunLayout layout) {
    ModelCard card = classifier.card();
    OperatingPoint point =
        new OperatingPoint(card.capacityRatio(), Math.max(1, card.expertsPerToken()));
    CostModel cost;
    try {
      cost =
          new CostSurvey(classifier, Routing.BATCH_PRIORITY, batchImages, NOISE_SEED)
              .measure(List.of(point), List.of(batchImages), budget, percent -> {})
              .cost();
    } catch (RuntimeException | Error e) {
      classifier.close();
      throw e;
    }
    double perSecond = cost.imagesPerSecond(point, batchImages);
    log.info("{}: {} images/s", layout, Math.round(perSecond));
    return perSecond;
  }
}

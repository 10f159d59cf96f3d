package dev.vmoe.streams.instance;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.Sample;
import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells another controller the load of the instance. Logs each change of the operating point with
 * the load that led to it.
 */
final class LoadAwareController implements CapacityController {

  private static final Logger log = LoggerFactory.getLogger(LoadAwareController.class);

  private final CapacityController controller;
  private final LongFunction<Load> loads;
  private final List<String> models;

  /** The decision before; belongs to the thread that decides. */
  private @Nullable Decision last;

  /**
   * Creates a controller that has decided nothing yet.
   *
   * @param controller decides
   * @param loads returns the load as it is known at a time of {@link System#nanoTime()}
   * @param models names of the models that it chooses among
   */
  LoadAwareController(
      CapacityController controller, LongFunction<Load> loads, List<String> models) {
    this.controller = controller;
    this.loads = loads;
    this.models = models;
  }

  @Override
  public Decision decide(Sample sample) {
    Load load = loads.apply(sample.nowNanos());
    Decision decision = controller.decide(sample.withLoad(load));
    if (log.isDebugEnabled() && !isSamePoint(last, decision)) {
      log.debug(
          "operating point {} → {}: {} ({})",
          last == null ? "none" : text(last),
          text(decision),
          decision.reason(),
          text(load));
    }
    last = decision;
    return decision;
  }

  @Override
  public long fastestRunNanos(int images) {
    return controller.fastestRunNanos(images);
  }

  private static boolean isSamePoint(@Nullable Decision before, Decision now) {
    return before != null
        && before.point().equals(now.point())
        && before.routing() == now.routing();
  }

  private String text(Decision decision) {
    OperatingPoint point = decision.point();
    return "%s ratio %s K %d %s"
        .formatted(
            models.get(point.model()),
            point.capacityRatio(),
            point.expertsPerToken(),
            decision.routing());
  }

  private static String text(Load load) {
    return load.ageNanos() == Long.MAX_VALUE
        ? "backlog not known yet"
        : String.format(
            Locale.ROOT,
            "backlog %d images, %.1f images/s arrive",
            load.backlogImages(),
            load.arrivalsPerSecond());
  }
}

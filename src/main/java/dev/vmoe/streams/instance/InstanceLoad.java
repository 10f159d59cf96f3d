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
 * The load of an instance, as whichever controller decides is told it. Logs each change of the
 * operating point with the load that led to it.
 */
final class InstanceLoad {

  private static final Logger log = LoggerFactory.getLogger(InstanceLoad.class);

  private final LongFunction<Load> loads;

  /** The decision before; belongs to the thread that decides. */
  private @Nullable Decision last;

  /**
   * Creates a load that no controller is told yet.
   *
   * @param loads returns the load as it is known at a time of {@link System#nanoTime()}
   */
  InstanceLoad(LongFunction<Load> loads) {
    this.loads = loads;
  }

  /**
   * Returns a controller that is told this load.
   *
   * @param models names of the models that it chooses among
   */
  CapacityController toldTo(CapacityController controller, List<String> models) {
    return new CapacityController() {
      @Override
      public Decision decide(Sample sample) {
        return InstanceLoad.this.decide(controller, sample, models);
      }

      @Override
      public long fastestRunNanos(int images) {
        return controller.fastestRunNanos(images);
      }
    };
  }

  private Decision decide(CapacityController controller, Sample sample, List<String> models) {
    Sample loaded = sample.withLoad(loads.apply(sample.nowNanos()));
    Decision decision = controller.decide(loaded);
    logChange(loaded.load(), last, decision, models);
    last = decision;
    return decision;
  }

  private static void logChange(
      Load load, @Nullable Decision before, Decision now, List<String> models) {
    if (!log.isDebugEnabled()) {
      return;
    }
    if (before != null && before.point().equals(now.point()) && before.routing() == now.routing()) {
      return;
    }
    log.debug(
        "operating point {} → {}: {} ({})",
        before == null ? "none" : text(before, models),
        text(now, models),
        now.reason(),
        load.ageNanos() == Long.MAX_VALUE
            ? "backlog not known yet"
            : String.format(
                Locale.ROOT,
                "backlog %d images, %.1f images/s arrive",
                load.backlogImages(),
                load.arrivalsPerSecond()));
  }

  /** The decision before may have been that of other models. */
  private static String text(Decision decision, List<String> models) {
    OperatingPoint point = decision.point();
    return (point.model() < models.size() ? models.get(point.model()) + " " : "")
        + "ratio "
        + point.capacityRatio()
        + " K "
        + point.expertsPerToken()
        + " "
        + decision.routing();
  }
}

package dev.vmoe.instance;

import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.Decision;
import dev.vmoe.capacity.Load;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.capacity.Sample;
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

  /** Returns a controller that is told this load. */
  CapacityController toldTo(CapacityController controller) {
    return new CapacityController() {
      @Override
      public Decision decide(Sample sample) {
        return InstanceLoad.this.decide(controller, sample);
      }

      @Override
      public long fastestRunNanos(int images) {
        return controller.fastestRunNanos(images);
      }
    };
  }

  private Decision decide(CapacityController controller, Sample sample) {
    Sample loaded = sample.withLoad(loads.apply(sample.nowNanos()));
    Decision decision = controller.decide(loaded);
    logChange(loaded.load(), last, decision);
    last = decision;
    return decision;
  }

  private static void logChange(Load load, @Nullable Decision before, Decision now) {
    if (!log.isDebugEnabled()) {
      return;
    }
    if (before != null && before.point().equals(now.point()) && before.routing() == now.routing()) {
      return;
    }
    log.debug(
        "operating point {} → {}: {} ({})",
        before == null ? "none" : text(before),
        text(now),
        now.reason(),
        load.ageNanos() == Long.MAX_VALUE
            ? "backlog not known yet"
            : String.format(
                Locale.ROOT,
                "backlog %d images, %.1f images/s arrive",
                load.backlogImages(),
                load.arrivalsPerSecond()));
  }

  private static String text(Decision decision) {
    OperatingPoint point = decision.point();
    return "ratio "
        + point.capacityRatio()
        + " K "
        + point.expertsPerToken()
        + " "
        + decision.routing();
  }
}

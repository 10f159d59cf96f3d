package dev.vmoe.instance;

import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.Decision;
import dev.vmoe.capacity.Load;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.capacity.Sample;
import dev.vmoe.settings.LiveSettings;
import java.util.Locale;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controller that the settings in force ask for, told of the load; it is replaced when they
 * change.
 */
public final class LiveCapacity implements CapacityController {

  private static final Logger log = LoggerFactory.getLogger(LiveCapacity.class);

  private final ControllerFactory factory;
  private final LongFunction<Load> loads;
  private volatile InForce inForce;

  /** The decision before; belongs to the thread that decides. */
  private @Nullable Decision last;

  private record InForce(LiveSettings settings, CapacityController controller) {}

  /**
   * Creates a controller for these settings.
   *
   * @param factory makes the controllers
   * @param loads returns the load as it is known at a time of {@link System#nanoTime()}
   * @throws IllegalArgumentException if the factory refuses the settings
   */
  LiveCapacity(ControllerFactory factory, LongFunction<Load> loads, LiveSettings settings) {
    this.factory = factory;
    this.loads = loads;
    this.inForce = new InForce(settings, factory.create(settings));
  }

  /**
   * Decides under these settings from the next batch on. The controller, and what it has learned,
   * stays where nothing that concerns it has changed.
   *
   * @throws IllegalArgumentException if the factory refuses them; those before stay in force
   */
  void take(LiveSettings settings) {
    InForce before = inForce;
    inForce =
        new InForce(
            settings,
            settings.sameAs(before.settings()) ? before.controller() : factory.create(settings));
  }

  @Override
  public Decision decide(Sample sample) {
    InForce now = inForce;
    Sample loaded = sample.withLoad(loads.apply(sample.nowNanos()));
    Decision decision =
        now.controller().decide(loaded).underConfiguration(now.settings().version());
    logChange(loaded.load(), last, decision);
    last = decision;
    return decision;
  }

  private static void logChange(Load load, @Nullable Decision before, Decision now) {
    if (before != null && before.point().equals(now.point()) && before.routing() == now.routing()) {
      return;
    }
    log.info(
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

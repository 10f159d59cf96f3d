package dev.vmoe.cli;

import dev.vmoe.console.RoutingMap;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.report.routing.RoutingMapPicture;
import dev.vmoe.report.routing.RoutingTable;
import dev.vmoe.settings.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The routing map of the model that an instance runs. It is drawn when somebody looks, once for all
 * who look within some seconds.
 */
final class InstanceRoutingMap {

  private static final Logger log = LoggerFactory.getLogger(InstanceRoutingMap.class);

  /** How long a drawing is shown before the next one is made. */
  static final Duration KEPT = Duration.ofSeconds(5);

  private final ModelCard card;
  private final Supplier<Optional<List<RoutingProfile>>> rows;
  private final Supplier<Optional<String>> standstill;
  private final LongSupplier nanos;
  private volatile boolean there;
  private @Nullable RoutingMap drawn;
  private long drawnNanos;

  /**
   * Creates a map that nobody has looked at yet.
   *
   * @param card the model's
   * @param rows of all models; none where no routing profile is kept
   * @param standstill why the profile is not brought up to date at present, if so
   * @param nanos a clock that only goes forward, in nanoseconds
   */
  InstanceRoutingMap(
      ModelCard card,
      Supplier<Optional<List<RoutingProfile>>> rows,
      Supplier<Optional<String>> standstill,
      LongSupplier nanos) {
    this.card = card;
    this.rows = rows;
    this.standstill = standstill;
    this.nanos = nanos;
  }

  /**
   * Returns whether there is a row to draw. Once there is, there always is: rows are only added.
   */
  boolean there() {
    if (!there && !card.dense()) {
      there = rows.get().orElse(List.of()).stream().anyMatch(row -> ofModel(row) && ofClass(row));
    }
    return there;
  }

  /** Returns the map, not older than {@link #KEPT}; who asks while it is drawn waits for it. */
  synchronized RoutingMap map() {
    long now = nanos.getAsLong();
    RoutingMap last = drawn;
    if (last == null || now - drawnNanos >= KEPT.toNanos()) {
      last = draw();
      drawn = last;
      drawnNanos = now;
    }
    return last;
  }

  private RoutingMap draw() {
    if (card.dense()) {
      return RoutingMap.lacking(card.name() + " is a dense model, it has no experts");
    }
    return rows.get()
        .map(this::draw)
        .orElseGet(
            () -> RoutingMap.lacking(Settings.ROUTING_PROFILE_INTERVAL_MS + " is 0, none is kept"));
  }

  private RoutingMap draw(List<RoutingProfile> all) {
    List<RoutingProfile> ofModel = all.stream().filter(this::ofModel).toList();
    Optional<String> stands = standstill.get();
    if (ofModel.isEmpty() && stands.isPresent()) {
      return RoutingMap.lacking("the routing profile stands still: " + stands.get());
    }
    if (ofModel.stream().noneMatch(InstanceRoutingMap::ofClass)) {
      return RoutingMap.lacking(
          ofModel.isEmpty()
              ? "no image of this model has been counted yet"
              : "all images so far have labels that are none of the model's classes");
    }
    try {
      RoutingTable table = RoutingTable.of(ofModel);
      return RoutingMap.of(
          new RoutingMapPicture(table, RoutingMapPicture.firstAndLast(table)).toSvg());
    } catch (IllegalArgumentException e) {
      log.warn("the routing profile cannot be drawn", e);
      return RoutingMap.lacking("the routing profile cannot be drawn: " + e.getMessage());
    }
  }

  private boolean ofModel(RoutingProfile row) {
    return row.getWeightsHash().equals(card.weightsHash());
  }

  private static boolean ofClass(RoutingProfile row) {
    return row.getClassIndex() >= 0;
  }
}

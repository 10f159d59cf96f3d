package dev.vmoe.streams.instance;

import dev.vmoe.app.console.RoutingMap;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.streams.profile.RoutingMapPicture;
import dev.vmoe.streams.profile.RoutingTable;
import dev.vmoe.streams.settings.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The routing map of the model that an instance runs. It is drawn on request, once for all requests
 * within some seconds.
 */
final class InstanceRoutingMap {

  private static final Logger log = LoggerFactory.getLogger(InstanceRoutingMap.class);

  /** How long a drawing is shown before the next one is made. */
  static final Duration KEPT = Duration.ofSeconds(5);

  private final Supplier<ModelCard> served;
  private final Supplier<Optional<List<RoutingProfile>>> rows;
  private final Supplier<Optional<String>> standstill;
  private final LongSupplier nanos;

  /** Weights hash of a model that has a row. */
  private volatile @Nullable String there;

  private @Nullable RoutingMap drawn;

  /** Hash of the model that is drawn. */
  private @Nullable String drawnOf;

  private long drawnNanos;

  /**
   * Creates a map that is not drawn yet.
   *
   * @param served returns the model that runs now
   * @param rows of all models; none where no routing profile is kept
   * @param standstill why the profile is not brought up to date at present, if so
   * @param nanos a clock that only goes forward, in nanoseconds
   */
  InstanceRoutingMap(
      Supplier<ModelCard> served,
      Supplier<Optional<List<RoutingProfile>>> rows,
      Supplier<Optional<String>> standstill,
      LongSupplier nanos) {
    this.served = served;
    this.rows = rows;
    this.standstill = standstill;
    this.nanos = nanos;
  }

  /**
   * Returns whether there is a row to draw. Rows are only added, so for one model this stays true.
   */
  boolean there() {
    ModelCard card = served.get();
    if (card.weightsHash().equals(there)) {
      return true;
    }
    boolean found =
        !card.dense()
            && rows.get().orElse(List.of()).stream()
                .anyMatch(row -> ofModel(card, row) && ofClass(row));
    if (found) {
      there = card.weightsHash();
    }
    return found;
  }

  /** Returns the map, not older than {@link #KEPT}. Requests wait while it is drawn. */
  synchronized RoutingMap map() {
    long now = nanos.getAsLong();
    ModelCard card = served.get();
    RoutingMap last = drawn;
    if (last == null || !card.weightsHash().equals(drawnOf) || now - drawnNanos >= KEPT.toNanos()) {
      last = draw(card);
      drawn = last;
      drawnOf = card.weightsHash();
      drawnNanos = now;
    }
    return last;
  }

  private RoutingMap draw(ModelCard card) {
    if (card.dense()) {
      return RoutingMap.lacking(card.name() + " is a dense model, it has no experts");
    }
    return rows.get()
        .map(all -> draw(card, all))
        .orElseGet(
            () -> RoutingMap.lacking(Settings.ROUTING_PROFILE_INTERVAL_MS + " is 0, none is kept"));
  }

  private RoutingMap draw(ModelCard card, List<RoutingProfile> all) {
    List<RoutingProfile> ofModel = all.stream().filter(row -> ofModel(card, row)).toList();
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
      RoutingTable table = RoutingMapPicture.rows(RoutingTable.of(ofModel), card.groupsByClass());
      return RoutingMap.of(
          new RoutingMapPicture(table, RoutingMapPicture.firstAndLast(table)).toSvg());
    } catch (IllegalArgumentException e) {
      log.warn("the routing profile cannot be drawn", e);
      return RoutingMap.lacking("the routing profile cannot be drawn: " + e.getMessage());
    }
  }

  private static boolean ofModel(ModelCard card, RoutingProfile row) {
    return row.getWeightsHash().equals(card.weightsHash());
  }

  private static boolean ofClass(RoutingProfile row) {
    return row.getClassIndex() >= 0;
  }
}

package dev.vmoe.streams.profile;

import dev.vmoe.event.RoutingProfile;
import dev.vmoe.streams.topology.SkippedRecords;
import java.util.Objects;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Adds parts of all instances to the rows in its store, and forwards the rows that changed. */
final class StoredRows extends RowSummer<String, RoutingProfile> {

  private static final Logger log = LoggerFactory.getLogger(StoredRows.class);

  private final SkippedRecords skipped =
      new SkippedRecords(log, "not counted in the routing profile");
  private final String storeName;
  private @Nullable TimestampedKeyValueStore<String, RoutingProfile> store;

  StoredRows(String beforeCommit, Room room, String storeName) {
    super(beforeCommit, room);
    this.storeName = storeName;
  }

  @Override
  public void init(ProcessorContext<String, RoutingProfile> context) {
    super.init(context);
    store = context.getStateStore(storeName);
  }

  @Override
  public void process(Record<String, RoutingProfile> part) {
    if (part.key() == null || part.value() == null) {
      skipped.add(context(), "it has no key or no value");
    } else {
      add(part.key(), part.value(), part.timestamp());
    }
  }

  @Override
  void write(String key, RowSum added) {
    TimestampedKeyValueStore<String, RoutingProfile> rows = Objects.requireNonNull(store);
    ValueAndTimestamp<RoutingProfile> before = rows.get(key);
    if (before != null && !added.isLike(before.value())) {
      RoutingProfile part = added.row();
      log.warn(
          "not counted in the routing profile: {} images of class {} of model {} with other blocks"
              + " or experts than before",
          part.getImages(),
          part.getClassIndex(),
          part.getWeightsHash());
      return;
    }
    if (before != null) {
      added.addEarlier(before.value(), before.timestamp());
    }
    RoutingProfile row = added.row();
    rows.put(key, ValueAndTimestamp.make(row, added.timestamp()));
    context().forward(new Record<>(key, row, added.timestamp()));
  }
}

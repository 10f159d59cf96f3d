package dev.vmoe.streams.profile;

import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.EventReader;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.streams.output.OneLine;
import dev.vmoe.streams.topology.SkippedRecords;
import java.util.List;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sums utilization events of one partition by class. Skips records that cannot be read, contradict
 * themselves or are beyond the {@link ProfileBound}: anybody may have written them.
 */
final class EventSummer extends RowSummer<byte[], byte[]> {

  private static final Logger log = LoggerFactory.getLogger(EventSummer.class);

  private final EventReader<ExpertUtilization> events;
  private final ProfileBound bound;
  private final SkippedRecords skipped =
      new SkippedRecords(log, "not counted in the routing profile, no valid utilization event");

  EventSummer(String beforeCommit, Room room, RegistryClient registry, ProfileBound bound) {
    super(beforeCommit, room);
    events = new EventReader<>(registry, ExpertUtilization.class);
    this.bound = bound;
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    for (RoutingProfile part : parts(record.value())) {
      add(ProfileParts.key(part), part, record.timestamp());
    }
  }

  @Override
  void write(String key, RowSum row) {
    context().forward(new Record<>(key, row.row(), row.timestamp()));
  }

  private List<RoutingProfile> parts(byte @Nullable [] value) {
    try {
      if (value == null) {
        throw new IllegalArgumentException("it has no value");
      }
      ExpertUtilization event = events.read(value);
      List<RoutingProfile> parts = ProfileParts.of(event);
      if (!parts.isEmpty()) {
        bound.require(event);
      }
      return parts;
    } catch (BadRecordException | IllegalArgumentException e) {
      skipped.add(context(), OneLine.of(String.valueOf(e.getMessage())));
      return List.of();
    }
  }
}

package dev.vmoe.profile;

import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.EventReader;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.output.OneLine;
import dev.vmoe.streams.SkippedRecords;
import java.util.Map;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Splits each utilization event into what it adds to each class. Skips records that cannot be read,
 * contradict themselves or are beyond the {@link ProfileBound}: anybody may have written them.
 */
final class UtilizationSplitter
    extends ContextualProcessor<byte[], byte[], String, RoutingProfile> {

  private static final Logger log = LoggerFactory.getLogger(UtilizationSplitter.class);

  private final EventReader<ExpertUtilization> events;
  private final ProfileBound bound;
  private final SkippedRecords skipped =
      new SkippedRecords(log, "not counted in the routing profile, no valid utilization event");

  UtilizationSplitter(RegistryClient registry, ProfileBound bound) {
    events = new EventReader<>(registry, ExpertUtilization.class);
    this.bound = bound;
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    for (Map.Entry<String, RoutingProfile> part : parts(record.value()).entrySet()) {
      context().forward(new Record<>(part.getKey(), part.getValue(), record.timestamp()));
    }
  }

  private Map<String, RoutingProfile> parts(byte @Nullable [] value) {
    try {
      if (value == null) {
        throw new IllegalArgumentException("it has no value");
      }
      ExpertUtilization event = events.read(value);
      Map<String, RoutingProfile> parts = ProfileSums.of(event);
      if (!parts.isEmpty()) {
        bound.require(event);
      }
      return parts;
    } catch (BadRecordException | IllegalArgumentException e) {
      skipped.add(context(), OneLine.of(String.valueOf(e.getMessage())));
      return Map.of();
    }
  }
}

package dev.vmoe.profile;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.output.OneLine;
import java.util.Map;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Splits each utilization event into what it adds to each class. What is no such event, contradicts
 * itself or is beyond the {@link ProfileBound} is passed over: anybody may have written it. There
 * is a warning at the 1st, 2nd, 4th, 8th and so on, so that a flood of them is not one of warnings.
 */
final class UtilizationSplitter
    extends ContextualProcessor<byte[], byte[], String, RoutingProfile> {

  private static final Logger log = LoggerFactory.getLogger(UtilizationSplitter.class);

  private final AvroDeserializer<ExpertUtilization> events;
  private final ProfileBound bound;
  private long passedOver;

  UtilizationSplitter(RegistryClient registry, ProfileBound bound) {
    events = new AvroDeserializer<>(registry, ExpertUtilization.class);
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
      passedOver++;
      log.atLevel(Long.bitCount(passedOver) == 1 ? Level.WARN : Level.DEBUG)
          .log(
              "not counted in the routing profile: {} is no utilization event that can be counted ({}"
                  + " so far): {}",
              context()
                  .recordMetadata()
                  .map(at -> at.topic() + "-" + at.partition() + " at offset " + at.offset())
                  .orElse("a record"),
              passedOver,
              OneLine.of(String.valueOf(e.getMessage())));
      return Map.of();
    }
  }
}

package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.profile.ProfileBound;
import dev.vmoe.profile.RoutingProfileTopology;
import dev.vmoe.settings.EventFormat;
import dev.vmoe.settings.Settings;
import dev.vmoe.topics.Topics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;

class PipelineTopologyTest {

  /** Never fed: only the shape counts here. */
  private static final class NoBatches implements Processor<byte[], byte[], byte[], Object> {
    @Override
    public void process(Record<byte[], byte[]> record) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void shouldKeepTheRoutingProfileAsDrawn() throws Exception {
    Path golden = Path.of(System.getProperty("vmoe.home", "."), "topology", "routing-profile.txt");
    String topology =
        RoutingProfileTopology.build(
                Topics.of(new Settings(Map.of())),
                new RegistryClient("mock://topology", Map.of(), Duration.ZERO),
                new ProfileBound(hash -> Optional.empty()))
            .describe()
            .toString();

    assertThat(topology).isEqualTo(Files.readString(golden));
  }

  @Test
  void shouldLookAsDrawn() throws Exception {
    Path golden = Path.of(System.getProperty("vmoe.home", "."), "topology", "topology.txt");
    RegistryClient registry = new RegistryClient("mock://topology", Map.of(), Duration.ZERO);
    String topology =
        PipelineTopology.build(
                Topics.of(new Settings(Map.of())),
                new EventSerializer<>(EventFormat.AVRO, registry),
                new EventSerializer<>(EventFormat.JSON, registry),
                NoBatches::new)
            .describe()
            .toString();

    assertThat(topology).isEqualTo(Files.readString(golden));
  }
}

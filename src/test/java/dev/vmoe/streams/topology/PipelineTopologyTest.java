package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Topics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.streams.TopologyDescription;
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
  void shouldLookAsDrawn() throws Exception {
    Path golden = Path.of(System.getProperty("vmoe.home", "."), "topology", "topology.txt");
    RegistryClient registry = new RegistryClient("mock://topology", Map.of(), Duration.ZERO);
    String topology =
        PipelineTopology.build(
                Topics.of(new Settings(Map.of())),
                new EventSerializer<>(EventFormat.AVRO, registry),
                new EventSerializer<>(EventFormat.JSON, registry),
                input -> new NoBatches())
            .describe()
            .toString();

    assertThat(topology).isEqualTo(Files.readString(golden));
  }

  @Test
  void shouldReadEachTopicOfImagesApartAndWriteAllAnswersToOne() {
    Topics topics =
        Topics.of(
            new Settings(Map.of("topics.images", "north,south", "topics.predictions", "all")));
    RegistryClient registry = new RegistryClient("mock://topology", Map.of(), Duration.ZERO);
    List<PipelineTopology.Input> inputs = new ArrayList<>();

    Set<TopologyDescription.Subtopology> parts =
        PipelineTopology.build(
                topics,
                new EventSerializer<>(EventFormat.AVRO, registry),
                new EventSerializer<>(EventFormat.AVRO, registry),
                input -> {
                  inputs.add(input);
                  return new NoBatches();
                })
            .describe()
            .subtopologies();

    assertThat(parts)
        .extracting(part -> sources(part) + " to " + sinks(part))
        .containsExactlyInAnyOrder(
            "[north] to [all, vmoe.expert-utilization, vmoe.images.dlq]",
            "[south] to [all, vmoe.expert-utilization, vmoe.images.dlq]");
    assertThat(inputs).extracting(PipelineTopology.Input::topic).contains("north", "south");
  }

  private static Set<String> sources(TopologyDescription.Subtopology part) {
    return nodes(part, TopologyDescription.Source.class)
        .flatMap(source -> source.topicSet().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> sinks(TopologyDescription.Subtopology part) {
    return nodes(part, TopologyDescription.Sink.class)
        .map(TopologyDescription.Sink::topic)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static <T> Stream<T> nodes(TopologyDescription.Subtopology part, Class<T> kind) {
    return part.nodes().stream().filter(kind::isInstance).map(kind::cast);
  }
}

package dev.vmoe.streams.profile;

import static dev.vmoe.streams.topics.ShortTopics.TOPICS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.ClassUtilization;
import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerProfile;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.streams.settings.EventFormat;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RoutingProfileTopologyTest {

  private final RegistryClient registry =
      new RegistryClient("mock://" + UUID.randomUUID(), Map.of(), Duration.ZERO);
  private final AvroSerializer<ExpertUtilization> events = new AvroSerializer<>(registry);

  private TopologyTestDriver driver;
  private final Map<String, ModelCard> served = new HashMap<>();
  private TestInputTopic<byte[], byte[]> utilization;

  @BeforeEach
  void start() {
    ModelCard own = new FakeClassifier().card();
    served.put(own.weightsHash(), own);
    driver = driver(1 << 20);
    utilization = input();
  }

  private TopologyTestDriver driver(long maxUnwrittenBytes) {
    Properties properties = new Properties();
    properties.put("application.id", "test");
    properties.put("bootstrap.servers", "nowhere:1");
    properties.put("processing.guarantee", "exactly_once_v2");
    return new TopologyTestDriver(
        RoutingProfileTopology.build(
            TOPICS,
            registry,
            new ProfileBound(hash -> Optional.ofNullable(served.get(hash))),
            maxUnwrittenBytes),
        properties);
  }

  private TestInputTopic<byte[], byte[]> input() {
    return driver.createInputTopic(
        "utilization", new ByteArraySerializer(), new ByteArraySerializer());
  }

  @AfterEach
  void close() {
    driver.close();
  }

  private void pipe(ExpertUtilization event) {
    utilization.pipeInput(events.serialize("utilization", event));
  }

  private Map<String, RoutingProfile> rows() {
    Map<String, RoutingProfile> rows = new HashMap<>();
    written().forEach(row -> rows.put(row.key, row.value));
    return rows;
  }

  private List<KeyValue<String, RoutingProfile>> written() {
    return driver
        .createOutputTopic(
            "routing-profile",
            new StringDeserializer(),
            new AvroDeserializer<>(registry, RoutingProfile.class))
        .readKeyValuesToList();
  }

  /** An event of one layer with two experts. */
  private static ExpertUtilization event(String weights, ClassUtilization... classes) {
    return ExpertUtilization.newBuilder()
        .setBatchId("a-1")
        .setBatchSize(8)
        .setImages(List.of(classes).stream().mapToInt(ClassUtilization::getImages).sum())
        .setSourceTopic("images")
        .setSourcePartition(0)
        .setFirstOffset(0)
        .setLastOffset(7)
        .setModel("m")
        .setWeightsHash(weights)
        .setRequestedCapacityRatio(1.05)
        .setEffectiveCapacityRatio(1.05)
        .setExpertsPerToken(2)
        .setRouting("bpr")
        .setFlushReason("size")
        .setTokensPerImage(5)
        .setCapacity(4)
        .setSlots(4)
        .setInferenceMicros(1)
        .setLayers(List.of(layer(9, 9, 9, 9, 1, 1)))
        .setClasses(List.of(classes))
        .build();
  }

  private static ClassUtilization ofClass(
      String label, int index, int images, LayerUtilization... layers) {
    return new ClassUtilization(label, index, images, List.of(layers));
  }

  private static LayerUtilization layer(
      long assigned0, long assigned1, long kept0, long kept1, double gates0, double gates1) {
    return new LayerUtilization(
        1,
        List.of(assigned0, assigned1),
        List.of(kept0, kept1),
        List.of(gates0, gates1),
        List.of(1.0, 1.0),
        0L);
  }

  @Test
  void shouldCountEventsInJsonAsThoseInAvro() {
    EventSerializer<ExpertUtilization> json = new EventSerializer<>(EventFormat.JSON, registry);
    ExpertUtilization event = event("aa", ofClass("cat", 0, 2, layer(10, 10, 8, 9, 4, 3)));
    pipe(event);
    utilization.pipeInput(json.serialize("utilization", event));

    assertThat(rows().values())
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.getImages()).isEqualTo(4);
              assertThat(row.getLayers().get(0).getAssigned()).containsExactly(20L, 20L);
            });
  }

  @Test
  void shouldSumByModelAndClass() {
    pipe(
        event(
            "aa",
            ofClass("cat", 0, 2, layer(10, 10, 8, 9, 4, 3)),
            ofClass("dog", 1, 1, layer(3, 7, 3, 2, 1, 0.5))));
    pipe(event("aa", ofClass("cat", 0, 1, layer(4, 6, 4, 6, 2, 1))));
    pipe(event("bb", ofClass("cat", 0, 5, layer(1, 1, 1, 1, 1, 1))));

    Map<String, RoutingProfile> rows = rows();
    assertThat(rows).containsOnlyKeys("aa/0", "aa/1", "bb/0");
    assertThat(rows.get("aa/0"))
        .isEqualTo(
            new RoutingProfile(
                "m",
                "aa",
                0,
                "cat",
                3L,
                List.of(
                    new LayerProfile(1, List.of(14L, 16L), List.of(12L, 15L), List.of(6.0, 4.0)))));
    assertThat(rows.get("aa/1").getImages()).isEqualTo(1);
    assertThat(rows.get("bb/0").getImages()).isEqualTo(5);
  }

  @Test
  void shouldWriteARowOnceForAllThatAnEventAddsToIt() {
    pipe(
        event(
            "aa",
            ofClass("text", -1, 2, layer(10, 10, 8, 9, 4, 3)),
            ofClass("more text", -1, 1, layer(4, 6, 4, 6, 2, 1))));

    assertThat(written()).extracting(row -> row.key).containsExactly("aa/-1");
  }

  @Test
  void shouldWriteRowsBeforeTheCommitWhereTheirRoomIsTaken() {
    driver.close();
    driver = driver(1);
    utilization = input();
    pipe(
        event(
            "aa",
            ofClass("text", -1, 2, layer(10, 10, 8, 9, 4, 3)),
            ofClass("more text", -1, 1, layer(4, 6, 4, 6, 2, 1))));

    List<KeyValue<String, RoutingProfile>> rows = written();
    assertThat(rows).extracting(row -> row.key).containsExactly("aa/-1", "aa/-1");
    assertThat(rows.get(1).value.getImages()).isEqualTo(3);
  }

  @Test
  void shouldPassOverPartsOfAnotherShapeWithinOneCommit() {
    pipe(event("aa", ofClass("text", -1, 1, layer(1, 1, 1, 1, 1, 1))));
    LayerUtilization other = layer(1, 1, 1, 1, 1, 1);
    other.setBlock(7);
    pipe(
        event(
            "aa",
            ofClass("bad", -1, 16, other),
            ofClass("text", -1, 2, layer(1, 1, 1, 1, 1, 1)),
            ofClass("bad", -1, 32, other),
            ofClass("more text", -1, 4, layer(1, 1, 1, 1, 1, 1))));

    assertThat(rows().get("aa/-1").getImages()).isEqualTo(7);
  }

  @Test
  void shouldHaveOneRowForAllLabelsThatTheModelDoesNotKnow() {
    for (int i = 0; i < 1000; i++) {
      pipe(
          event(
              "aa",
              ofClass("text " + i, -1, 1, layer(1, 1, 1, 1, 1, 1)),
              ofClass("more text " + i, -1, 2, layer(1, 1, 1, 1, 1, 1))));
    }

    Map<String, RoutingProfile> rows = rows();
    assertThat(rows).containsOnlyKeys("aa/-1");
    assertThat(rows.get("aa/-1").getLabel()).isEmpty();
    assertThat(rows.get("aa/-1").getImages()).isEqualTo(3000);
    assertThat(rows.get("aa/-1").getLayers().get(0).getDispatched()).containsExactly(2000L, 2000L);
  }

  static List<Consumer<ExpertUtilization>> contradictions() {
    return List.of(
        event -> event.setImages(99),
        event -> event.getClasses().get(0).setImages(0),
        event -> event.getClasses().get(0).setLayers(List.of()),
        event -> layerOf(event).setDispatched(List.of(1L)),
        event -> layerOf(event).setGateSum(List.of()),
        event -> layerOf(event).setDispatched(List.of(11L, 1L)),
        event -> layerOf(event).setDispatched(List.of(-1L, 1L)),
        event -> layerOf(event).setGateSum(List.of(Double.NaN, 0.0)),
        event -> layerOf(event).setGateSum(List.of(Double.POSITIVE_INFINITY, 0.0)),
        event -> layerOf(event).setGateSum(List.of(-0.5, 0.0)),
        event -> layerOf(event).setBlock(7), // in itself right, but not what the row has
        event -> event.setLayers(List.of())); // as a dense model has it: no routing
  }

  private static LayerUtilization layerOf(ExpertUtilization event) {
    return event.getClasses().get(0).getLayers().get(0);
  }

  @ParameterizedTest
  @MethodSource("contradictions")
  void shouldPassOverWhatContradictsItself(Consumer<ExpertUtilization> contradiction) {
    pipe(event("aa", ofClass("cat", 0, 1, layer(10, 10, 8, 9, 4, 3))));
    ExpertUtilization event = event("aa", ofClass("cat", 0, 1, layer(10, 10, 8, 9, 4, 3)));
    contradiction.accept(event);
    pipe(event);
    pipe(event("aa", ofClass("cat", 0, 1, layer(10, 10, 8, 9, 4, 3))));

    assertThat(rows().get("aa/0").getImages()).isEqualTo(2);
  }

  @Test
  void shouldPassOverWhatIsNoEvent() {
    pipe(event("aa", ofClass("cat", 0, 1, layer(10, 10, 8, 9, 4, 3))));
    utilization.pipeInput("rubbish".getBytes(StandardCharsets.UTF_8));
    utilization.pipeInput((byte[]) null);
    utilization.pipeInput(new byte[] {0, 0, 0, 9, 9, 1, 2, 3});
    pipe(event("aa", ofClass("cat", 0, 1, layer(10, 10, 8, 9, 4, 3))));

    assertThat(rows().get("aa/0").getImages()).isEqualTo(2);
  }

  @Test
  void shouldOfferEveryRowThatIsInTheTopic() {
    KeyValueStore<byte[], byte[]> table = driver.getKeyValueStore(RoutingProfileTopology.TABLE);
    pipe(event("aa", ofClass("cat", 0, 1, layer(10, 10, 8, 9, 4, 3))));
    // As another instance, which has other classes, writes it; and somebody who is none.
    TestInputTopic<byte[], byte[]> others =
        driver.createInputTopic(
            "routing-profile", new ByteArraySerializer(), new ByteArraySerializer());
    others.pipeInput("aa/7".getBytes(StandardCharsets.UTF_8), new byte[] {1});

    try (KeyValueIterator<byte[], byte[]> all = table.all()) {
      assertThat(all)
          .toIterable()
          .extracting(row -> new String(row.key, StandardCharsets.UTF_8))
          .containsExactlyInAnyOrder("aa/0", "aa/7");
    }
  }

  /** Events of a model that the instance does not run, beyond what it counts of such a model. */
  @Test
  void shouldBoundTheRowsWhateverIsWritten() {
    int max = ProfileBound.MAX_OTHER_CLASSES;
    for (int i = 0; i < 200; i++) {
      pipe(event(Integer.toHexString(i), ofClass("a", 3, 1, layer(1, 1, 1, 1, 1, 1))));
      pipe(event("free text " + i, ofClass("a", 0, 1, layer(1, 1, 1, 1, 1, 1))));
      pipe(event("0", ofClass("a", max + i, 1, layer(1, 1, 1, 1, 1, 1))));
    }

    assertThat(rows()).containsOnlyKeys("0/3", "1/3", "2/3");
  }

  @Test
  void shouldCountOfItsOwnModelTheClassesAndLayersThatItHas() {
    ModelCard own = new FakeClassifier().card();
    int classes = own.classes().size();
    LayerUtilization[] layers =
        own.moeBlocks().stream()
            .map(
                block -> {
                  LayerUtilization layer = layer(1, 1, 1, 1, 1, 1);
                  layer.setBlock(block);
                  layer.setAssigned(Collections.nCopies(own.numExperts(), 1L));
                  layer.setDispatched(Collections.nCopies(own.numExperts(), 1L));
                  layer.setGateSum(Collections.nCopies(own.numExperts(), 0.5));
                  return layer;
                })
            .toArray(LayerUtilization[]::new);
    pipe(ofLayers(event(own.weightsHash(), ofClass("beyond", classes, 1, layers)), layers));
    pipe(event(own.weightsHash(), ofClass("other shape", 0, 1, layer(1, 1, 1, 1, 1, 1))));
    for (int i = 0; i <= ProfileBound.MAX_OTHER_MODELS; i++) {
      pipe(event("a" + i, ofClass("a", 0, 1, layer(1, 1, 1, 1, 1, 1))));
    }
    pipe(ofLayers(event(own.weightsHash(), ofClass("last", classes - 1, 1, layers)), layers));
    pipe(ofLayers(event(own.weightsHash(), ofClass("a", 0, 1, layers)), layers));

    assertThat(rows())
        .containsOnlyKeys(
            "a0/0",
            "a1/0",
            "a2/0",
            own.weightsHash() + "/0",
            own.weightsHash() + "/" + (classes - 1));
  }

  @Test
  void shouldCountAModelExactlyOnceItIsServed() {
    for (int i = 0; i <= ProfileBound.MAX_OTHER_MODELS; i++) {
      pipe(event("a" + i, ofClass("a", 0, 1, layer(1, 1, 1, 1, 1, 1))));
    }
    served.put("a0", new FakeClassifier().card());
    pipe(event("a0", ofClass("other shape", 1, 1, layer(1, 1, 1, 1, 1, 1))));
    pipe(event("a3", ofClass("a", 0, 1, layer(1, 1, 1, 1, 1, 1))));

    assertThat(rows()).containsOnlyKeys("a0/0", "a1/0", "a2/0", "a3/0");
  }

  private static ExpertUtilization ofLayers(ExpertUtilization event, LayerUtilization... layers) {
    event.setLayers(List.of(layers));
    return event;
  }
}

package dev.vmoe.streams.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaClientSupplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fails where a version of Kafka changes what it does not promise. */
class KafkaInternalsTest {

  private static final String PROCESS = "6e393a12-f8aa-4951-b6ed-175b51afdd12";

  /** The clients of Kafka Streams, none of which ever reaches a broker. */
  private static final class Clients implements KafkaClientSupplier {
    final List<String> transactionalIds = new ArrayList<>();
    final List<String> consumers = new ArrayList<>();

    @Override
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
      transactionalIds.add((String) config.get("transactional.id"));
      return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
      consumers.add((String) config.get("client.id"));
      return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
      return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
      return getRestoreConsumer(config);
    }

    @Override
    public Admin getAdmin(Map<String, Object> config) {
      return Admin.create(config);
    }
  }

  private static Clients clients(Path state, Map<String, ?> more) {
    Map<String, Object> config = new HashMap<>(more);
    config.put("application.id", "shop");
    config.put("bootstrap.servers", "127.0.0.1:9");
    config.put("processing.guarantee", "exactly_once_v2");
    config.put("num.stream.threads", 2);
    config.put("state.dir", state.toString());
    Topology topology = new Topology();
    topology.addSource("images", "images");
    Clients clients = new Clients();
    try (KafkaStreams streams =
        KafkaInternals.streams(
            topology,
            new StreamsConfig(config),
            clients,
            System::currentTimeMillis,
            System::nanoTime)) {
      assertThat(streams.state()).isEqualTo(KafkaStreams.State.CREATED);
    }
    return clients;
  }

  @Test
  void shouldKnowTheProducersThatKafkaStreamsMakes(@TempDir Path state) {
    Clients clients = clients(state, Map.of());

    assertThat(clients.transactionalIds)
        .hasSize(2)
        .doesNotHaveDuplicates()
        .allMatch(id -> KafkaInternals.isProducerOf("shop", id))
        .noneMatch(id -> KafkaInternals.isProducerOf("shop-2", id));
    assertThat(clients.consumers)
        .map(id -> KafkaInternals.producerBeside("shop", id).orElseThrow())
        .containsExactlyInAnyOrderElementsOf(clients.transactionalIds);
    assertThat(clients.consumers)
        .allMatch(id -> KafkaInternals.producerBeside("shop-2", id).isEmpty());
  }

  @Test
  void shouldKnowThemByTheirTransactionalIdsAloneWhereClientsHaveOtherNames(@TempDir Path state) {
    Clients clients = clients(state, Map.of("client.id", "camera, hall"));

    assertThat(clients.transactionalIds)
        .hasSize(2)
        .allMatch(id -> KafkaInternals.isProducerOf("shop", id));
    assertThat(clients.consumers)
        .hasSize(2)
        .allMatch(id -> KafkaInternals.producerBeside("shop", id).isEmpty());
  }

  /** Also where one name begins as the other does, or looks like a part of an id. */
  @Property
  void shouldTakeNoProducerForOneOfAnotherApplication(
      @ForAll("applications") String one, @ForAll("applications") String other) {
    Assume.that(!one.equals(other));
    String producer = other + "-" + PROCESS + "-12";

    assertThat(KafkaInternals.isProducerOf(other, producer)).isTrue();
    assertThat(KafkaInternals.isProducerOf(one, producer)).isFalse();
    assertThat(
            KafkaInternals.producerBeside(one, other + "-" + PROCESS + "-StreamThread-12-consumer"))
        .isEmpty();
  }

  @Provide
  Arbitrary<String> applications() {
    Arbitrary<String> parts =
        Arbitraries.of("shop", "shop.", "-", "2", "12", "a", "-12", PROCESS, "-" + PROCESS, "é");
    return Combinators.combine(Arbitraries.of("shop", "s", "[shop]"), parts.list().ofMaxSize(4))
        .as((first, more) -> first + String.join("", more));
  }

  @Test
  void shouldTakeNothingElseForAProducerOfTheApplication() {
    assertThat(KafkaInternals.isProducerOf("shop", "shop-" + PROCESS + "-1")).isTrue();
    for (String other :
        List.of(
            "shop",
            "shop-1",
            "shop-" + PROCESS,
            "shop-" + PROCESS + "-",
            "shop-" + PROCESS + "-a",
            "shop-" + PROCESS + "-0_1",
            "shop-" + PROCESS + "-1-1",
            "shop-" + PROCESS.replace('-', '0') + "-1",
            "shop-2-" + PROCESS + "-1",
            "my-shop-" + PROCESS + "-1",
            "shop-routing-profile-" + PROCESS + "-1")) {
      assertThat(KafkaInternals.isProducerOf("shop", other)).as(other).isFalse();
    }
  }

  @Test
  void shouldFindTheUuidOfAMember() {
    String uuid = UUID.randomUUID().toString();

    assertThat(KafkaInternals.memberUuid("camera, hall | é-" + uuid)).isEqualTo(uuid);
    assertThat(KafkaInternals.memberUuid("consumer-1")).isEmpty();
    assertThat(KafkaInternals.memberUuid("")).isEmpty();
  }

  @Test
  void shouldWaitForAConditionUntilItsDeadline() throws Exception {
    KafkaInternals.Clock clock =
        new KafkaInternals.Clock(() -> 1_700_000_000_000L, () -> 5_000_000L);
    Object lock = new Object();
    clock.waitObject(lock, () -> true, 0);
    assertThatThrownBy(() -> clock.waitObject(lock, () -> false, clock.milliseconds()))
        .isInstanceOf(TimeoutException.class);
    assertThat(clock.hiResClockMs()).isEqualTo(Duration.ofNanos(5_000_000L).toMillis());
  }
}

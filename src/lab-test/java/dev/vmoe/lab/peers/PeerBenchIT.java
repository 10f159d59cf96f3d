package dev.vmoe.lab.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.app.client.StreamSummary;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.LocalBroker;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.lab.bench.BenchModel;
import dev.vmoe.lab.bench.FullLoad;
import dev.vmoe.lab.bench.MeteredReplay;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which rounds count: each image answered once, by whichever peer. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PeerBenchIT {

  private static final int COUNT = 40;
  private static final RoutingSettings ROUTING =
      new RoutingSettings(1.05, 2, Routing.BATCH_PRIORITY);
  private static final FullLoad LOAD =
      new FullLoad(
          IntStream.range(0, 12)
              .mapToObj(
                  i -> new LabelledImage("image-" + i, new byte[] {(byte) (20 * i)}, "grey-0"))
              .toList(),
          COUNT,
          64);

  /** Images that a peer answers first; one that does not answer well fails there. */
  private static final int FIRST = LOAD.first().count();

  private LocalBroker broker;
  private Settings settings;
  private RegistryClient registry;
  private PeerBench bench;

  @BeforeAll
  void start() throws Exception {
    broker = new LocalBroker();
    settings = broker.settings(Map.of(), TopicPlan.load());
    registry = RegistryClient.of(settings);
    bench = bench(Duration.ofSeconds(2));
  }

  private PeerBench bench(Duration stalledAfter) {
    BenchModel model =
        new BenchModel(
            new FakeClassifier(),
            (encoded, images, slot) -> images.put(slot * 8 * 8 * 3, encoded[0]),
            ROUTING,
            8);
    return new PeerBench(settings, model, model, stalledAfter);
  }

  @AfterAll
  void stop() {
    bench.close();
    registry.close();
    broker.close();
  }

  @Tag("soak")
  @ParameterizedTest
  @EnumSource
  void shouldAnswerEveryImageOnceInBatchesAndTidyUp(PeerKind peer) throws Exception {
    MeteredReplay round = bench.measure(peer, LOAD);

    StreamSummary.Result seen = round.outcome().summary();
    assertThat(seen.predictions()).isEqualTo(COUNT);
    assertThat(seen.duplicates()).isZero();
    assertThat(seen.batchSize().max()).isBetween(1, peer == PeerKind.STREAMS_MAP_VALUES ? 1 : 8);
    assertThat(seen.accuracy()).isPositive(); // labels came along
    assertThat(round.imagesPerSecond()).isPositive();
    assertThat(round.cpuMsPerImage(Set.of())).isPositive();
    try (Admin admin = Admin.create(settings.adminProperties())) {
      assertThat(admin.listTopics().names().get()).noneMatch(topic -> topic.contains(peer.label()));
    }
  }

  @Test
  void shouldFailTheRoundOfAPeerThatAnswersOnlyAPart() {
    assertThatThrownBy(() -> measure(batch -> batch.subList(0, batch.size() / 2)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("of " + FIRST + " images so far");
  }

  @Test
  void shouldFailTheRoundOfAPeerThatAnswersTwice() {
    assertThatThrownBy(() -> measure(PeerBenchIT::twice))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageMatching("odd answered " + FIRST + " of " + FIRST + " images, and \\d+ twice");
  }

  @Test
  void shouldFailTheRoundOfLoopsOfWhichOneDied() {
    AtomicBoolean died = new AtomicBoolean();
    ImageDecoder decoder =
        (encoded, images, slot) -> {
          if (!died.getAndSet(true)) {
            throw new IllegalStateException("one image is too many");
          }
          images.put(slot * 8 * 8 * 3, encoded[0]);
        };
    BenchModel model = new BenchModel(new FakeClassifier(), decoder, ROUTING, 8);

    assertThatThrownBy(
            () ->
                bench.measure(
                    "dying",
                    job ->
                        new ConsumerLoops(
                            job, 2, () -> new BatchWork(model, registry), Duration.ofMillis(100)),
                    LOAD))
        .isInstanceOf(IllegalStateException.class)
        .satisfies(
            thrown -> // where the other loop is slow to take over, the round stalls first
            assertThat(Stream.concat(Stream.of(thrown), Stream.of(thrown.getSuppressed())))
                    .extracting(Throwable::getMessage)
                    .anyMatch(message -> message.matches(".*-dying-.* failed: .*too many")));
  }

  private static <T> List<T> twice(List<T> batch) {
    return batch.stream().flatMap(one -> List.of(one, one).stream()).toList();
  }

  private MeteredReplay measure(UnaryOperator<List<ProducerRecord<byte[], byte[]>>> distort)
      throws InterruptedException {
    return bench.measure("odd", job -> new OddPeer(job, distort), LOAD);
  }

  /** A loop without transactions that does not answer as it should. */
  private static final class OddPeer implements Peer, Runnable {

    private final PeerJob job;
    private final UnaryOperator<List<ProducerRecord<byte[], byte[]>>> distort;
    private final Thread thread = new Thread(this, "odd-peer");
    private volatile boolean stopped;

    OddPeer(PeerJob job, UnaryOperator<List<ProducerRecord<byte[], byte[]>>> distort) {
      this.job = job;
      this.distort = distort;
    }

    @Override
    public int consumers() {
      return 1;
    }

    @Override
    public void start() {
      thread.start();
    }

    @Override
    public void run() {
      BatchWork work = job.work().onEachCore();
      try (KafkaConsumer<byte[], byte[]> consumer =
              job.consumer(job.group(), Map.of("max.poll.records", job.batch()));
          KafkaProducer<byte[], byte[]> producer = job.producer(job.group(), Map.of())) {
        consumer.subscribe(List.of(job.images()));
        while (!stopped) {
          List<ConsumerRecord<byte[], byte[]>> batch = new ArrayList<>();
          consumer.poll(Duration.ofMillis(50)).forEach(batch::add);
          if (!batch.isEmpty()) {
            distort.apply(work.answers(batch, job.predictions())).forEach(producer::send);
          }
        }
      }
    }

    @Override
    public void close() {
      stopped = true;
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

package dev.vmoe.streams.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.instance.ControllerFactory;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.settings.CapacityMode;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.topics.PipelineException;
import dev.vmoe.streams.topology.Answers;
import dev.vmoe.streams.topology.Feeder;
import dev.vmoe.streams.topology.RegistryGate;
import dev.vmoe.streams.topology.Workbench;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is written to the configuration topic counts for every instance, and only if it is valid.
 */
class LiveConfigurationIT {

  private static final int PARTITIONS = 4;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration LIVE_WITHIN = Duration.ofSeconds(1);
  private static final Logger log = LoggerFactory.getLogger(LiveConfigurationIT.class);

  /** An instance that remembers under which configuration it decided, and when. */
  private static final class Watched implements AutoCloseable {

    private record Decided(long nanos, Long version) {}

    private final FakeClassifier classifier = new FakeClassifier(Duration.ofMillis(5));
    private final Queue<Decided> decisions = new ConcurrentLinkedQueue<>();
    private final Pipeline pipeline;

    Watched(Workbench workbench) {
      pipeline =
          Pipeline.start(
              workbench.settings(Map.of("capacity.mode", "fixed")),
              classifier,
              new FakeDecoder(8 * 8 * 3),
              this::controller,
              Pipeline.metrics(new Meters(), classifier.card()));
    }

    private CapacityController controller(LiveSettings settings) {
      if (settings.capacity().mode() == CapacityMode.ADAPTIVE) {
        throw new IllegalArgumentException("no adaptive controller");
      }
      CapacityController fixed = ControllerFactory.fixed().create(settings);
      return sample -> {
        decisions.add(new Decided(sample.nowNanos(), settings.version()));
        return fixed.decide(sample);
      };
    }

    Long version() {
      return pipeline.configuration().current().version();
    }

    /** Waits for a version; returns when it was seen. */
    long awaitVersion(Long version) {
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(2))
          .atMost(LIMIT)
          .until(() -> Objects.equals(version(), version));
      return System.nanoTime();
    }

    /** Batches that were open at the change keep their version; those after them have this one. */
    void assertDecidesUnder(Long version, long sinceNanos) {
      await().atMost(LIMIT).until(() -> count(versions(sinceNanos), version) > 5);
      List<Long> versions = versions(sinceNanos);
      int first = versions.indexOf(version);
      assertThat(versions.subList(first, versions.size()))
          .allMatch(it -> Objects.equals(it, version));
    }

    private List<Long> versions(long sinceNanos) {
      return decisions.stream()
          .filter(decided -> decided.nanos() > sinceNanos)
          .map(Decided::version)
          .toList();
    }

    private static long count(List<Long> versions, Long version) {
      return versions.stream().filter(it -> Objects.equals(it, version)).count();
    }

    @Override
    public void close() {
      pipeline.close();
      classifier.close();
    }
  }

  @Test
  void shouldBeLiveOnAllInstancesWithinASecondWithoutLosingAnImage() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench);
        Feeder feeder = Feeder.start(workbench, PARTITIONS, 300);
        Watched one = new Watched(workbench);
        Watched two = new Watched(workbench)) {
      await("both have images")
          .atMost(LIMIT)
          .until(
              () -> answers.poll() > 300 && one.decisions.size() > 10 && two.decisions.size() > 10);

      assertLoadIsKnown(one, two);

      long lowered =
          workbench.configure(
              config()
                  .setCapacityRatio(0.5)
                  .setExpertsPerToken(1)
                  .setRouting("vanilla")
                  .setBatchMaxImages(4)
                  .build());
      assertLive(lowered, one, two);
      awaitPredictions(answers, lowered, 200);
      List<Prediction> under = under(answers, lowered);
      assertThat(under)
          .allMatch(
              it ->
                  it.getRequestedCapacityRatio() == 0.5
                      && it.getExpertsPerToken() == 1
                      && it.getRouting().equals("vanilla"));
      // Larger can only be the batch that was open at the change, one of each instance.
      assertThat(
              under.stream()
                  .filter(it -> it.getBatchSize() > 4)
                  .map(Prediction::getBatchId)
                  .distinct())
          .hasSizeLessThanOrEqualTo(2);

      long raised =
          workbench
              .configWriter()
              .edit(
                  inForce -> {
                    inForce.putAll(Map.of("batch.max.images", "64", "routing", "bpr"));
                    return inForce;
                  },
                  "it",
                  "a test")
              .orElseThrow()
              .offset();
      assertLive(raised, one, two);
      awaitPredictions(answers, raised, 200);
      assertThat(under(answers, raised))
          .allMatch(it -> it.getRouting().equals("bpr") && it.getRequestedCapacityRatio() == 0.5);

      long refused = workbench.configure("no Avro".getBytes(StandardCharsets.UTF_8));
      for (Watched instance : List.of(one, two)) {
        await().atMost(LIMIT).until(() -> refusedOffset(instance) == refused);
        assertThat(instance.version()).isEqualTo(raised);
      }

      workbench.configure((byte[]) null);
      for (Watched instance : List.of(one, two)) {
        instance.assertDecidesUnder(null, instance.awaitVersion(null));
      }
      int sent = feeder.stop();
      await("all answers").atMost(LIMIT).until(() -> answers.poll() >= sent);
      answers.assertExactlyOnce();
      assertThat(one.pipeline.failure()).isEmpty();
      assertThat(two.pipeline.failure()).isEmpty();
    }
  }

  /** The two share 300 images a second. */
  private static void assertLoadIsKnown(Watched one, Watched two) {
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              Load first = one.pipeline.load();
              Load second = two.pipeline.load();
              assertThat(first.arrivalsPerSecond() + second.arrivalsPerSecond())
                  .isBetween(200.0, 400.0);
              assertThat(first.arrivalsPerSecond()).isPositive();
              assertThat(second.arrivalsPerSecond()).isPositive();
              assertThat(first.ageNanos()).isLessThan(LIVE_WITHIN.toNanos());
            });
  }

  /** Called when the record has just been acknowledged. */
  private static void assertLive(long version, Watched... instances) {
    long ackNanos = System.nanoTime();
    Map<Watched, Long> live = new HashMap<>();
    for (Watched instance : instances) {
      live.put(instance, instance.awaitVersion(version)); // of the later ones no less than it was
    }
    for (Watched instance : instances) {
      Duration took = Duration.ofNanos(live.get(instance) - ackNanos);
      log.warn("configuration {} was live {} ms after it was written", version, took.toMillis());
      assertThat(took).isLessThan(LIVE_WITHIN);
      instance.assertDecidesUnder(version, live.get(instance));
    }
  }

  private static void awaitPredictions(Answers answers, long version, int count) {
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              answers.poll();
              return under(answers, version).size() >= count;
            });
  }

  private static List<Prediction> under(Answers answers, Long version) {
    return answers.predictions.read.stream()
        .filter(it -> Objects.equals(it.getConfigurationVersion(), version))
        .toList();
  }

  private static long refusedOffset(Watched instance) {
    return instance.pipeline.configuration().lastRefused().map(ConfigEntry::offset).orElse(-1L);
  }

  @Test
  void shouldRefuseWhatIsNotValidWithItsReasonAndKeepWhatIsInForce() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Watched instance = new Watched(workbench)) {
      long valid = workbench.configure(config().setCapacityRatio(0.25).build());
      instance.awaitVersion(valid);

      assertRefused(workbench, instance, new byte[] {0, 0, 0x7f, 0, 0, 1}, "no schema with id");
      assertRefused(
          workbench, instance, config().setExpertsPerToken(3).build(), "K 3 outside 1 to 2");
      assertRefused(
          workbench,
          instance,
          config().setCapacityRatioMin(0.5).setCapacityRatioMax(0.25).build(),
          "capacity.ratio.min 0.5 is above capacity.ratio.max 0.25");
      assertRefused(
          workbench, instance, config().setCapacityRatio(-1.0).build(), "not a number above 0");
      assertRefused(
          workbench,
          instance,
          config().setCapacityMode("adaptive").build(),
          "no adaptive controller");
      assertThat(instance.version()).isEqualTo(valid);

      long next = workbench.configure(config().setCapacityRatio(2.0).build());
      instance.awaitVersion(next);
      assertThat(instance.pipeline.configuration().lastRefused()).isPresent();
    }
  }

  private static PipelineConfig.Builder config() {
    return PipelineConfig.newBuilder();
  }

  private static void assertRefused(
      Workbench workbench, Watched instance, PipelineConfig config, String reason)
      throws Exception {
    assertRefused(workbench, instance, workbench.configure(config), reason);
  }

  private static void assertRefused(
      Workbench workbench, Watched instance, byte[] value, String reason) throws Exception {
    assertRefused(workbench, instance, workbench.configure(value), reason);
  }

  private static void assertRefused(
      Workbench workbench, Watched instance, long offset, String reason) {
    Long before = instance.version();
    await().atMost(LIMIT).until(() -> refusedOffset(instance) == offset);
    assertThat(instance.pipeline.configuration().lastRefused().orElseThrow().refusal())
        .contains(reason);
    assertThat(instance.version()).isEqualTo(before);
  }

  @Test
  void shouldTakeTheLastValidRecordOverBeforeTheFirstImage() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Workbench.Reader<Prediction> predictions = workbench.predictions()) {
      workbench.configure(config().setCapacityRatio(0.75).build());
      workbench.configure(config().setCapacityRatio(0.5).build());
      long refused = workbench.configure("no Avro".getBytes(StandardCharsets.UTF_8));
      workbench.send(0, "waits already", FakeDecoder.grey(1));
      workbench.flush();
      try (Watched instance = new Watched(workbench)) {
        assertThat(instance.version()).isEqualTo(1);
        assertThat(refusedOffset(instance)).isEqualTo(refused);
        await().atMost(LIMIT).until(() -> predictions.poll().size() == 1);
        assertThat(predictions.read.get(0).getConfigurationVersion()).isEqualTo(1);
        assertThat(predictions.read.get(0).getRequestedCapacityRatio()).isEqualTo(0.5);
      }
      // The end of a transaction is the last offset: there is no record to wait for.
      long last =
          workbench
              .configWriter()
              .edit(inForce -> Map.of("capacity.ratio", "0.3"), null, null)
              .orElseThrow()
              .offset();
      try (Watched instance = new Watched(workbench)) {
        assertThat(instance.version()).isEqualTo(last);
      }
      workbench.configWriter().reset("it", "back");
      try (Watched instance = new Watched(workbench)) {
        assertThat(instance.version()).isNull();
      }
    }
  }

  @Test
  void shouldWaitForARegistryThatIsAwayAndRefuseNothing() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            Pipeline.start(
                workbench.settings(Map.of("schema.registry.url", gate.url())),
                classifier,
                new FakeDecoder(8 * 8 * 3))) {
      gate.shut();
      long version = workbench.configureByAnotherVersion(config().setCapacityRatio(0.5).build());
      await().atMost(LIMIT).until(() -> gate.turnedAway() >= 4);
      assertThat(pipeline.configuration().current().version()).isNull();
      gate.reopen();

      await()
          .atMost(LIMIT)
          .until(() -> Objects.equals(pipeline.configuration().current().version(), version));
      assertThat(pipeline.configuration().lastRefused()).isEmpty();
    }
  }

  @Test
  void shouldNotStartWhereTheOrderOfConfigurationsIsNotOne() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      workbench.admin.deleteTopics(List.of(workbench.topic("config"))).all().get();
      await()
          .atMost(LIMIT)
          .until(
              () ->
                  !workbench.admin.listTopics().names().get().contains(workbench.topic("config")));
      workbench
          .admin
          .createTopics(List.of(new NewTopic(workbench.topic("config"), 2, (short) 1)))
          .all()
          .get();
      await()
          .atMost(LIMIT)
          .until(
              () -> workbench.admin.listTopics().names().get().contains(workbench.topic("config")));

      assertThatExceptionOfType(PipelineException.class)
          .isThrownBy(() -> new Watched(workbench).close())
          .withMessageContaining("config has 2 partitions")
          .withMessageContaining("exactly 1");
    }
  }
}

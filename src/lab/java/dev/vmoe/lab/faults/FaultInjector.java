package dev.vmoe.lab.faults;

import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.lab.faults.FaultSchedule.PlannedFault;
import dev.vmoe.lab.faults.RegistryProxy.Mood;
import dev.vmoe.lab.overload.ArrivalTrace.Slowdown;
import dev.vmoe.lab.overload.BusyProcess;
import dev.vmoe.topics.TopicPlan;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Makes things fail, one after the other. */
final class FaultInjector {

  /** An instance that does not run after so long counts as not recovered. */
  private static final Duration START_LIMIT = Duration.ofSeconds(120);

  private static final int BOMBS = 500;

  /** Those that are decoded take seconds of a core each. */
  private static final int HEAVY_ONE_IN = 20;

  private final Parts parts;
  private final String topicPrefix;
  private final int instances;
  private final int maxPartitions;
  private int partitions;
  private int kills;
  private int brokerKills;

  /** From when on the recovery from the present fault counts. */
  private Moment since = Moment.now();

  /** Who had which partition before the present fault. */
  private Map<String, Set<Integer>> owners = Map.of();

  /** Instances that the present fault touches. */
  private Set<Integer> touched = Set.of();

  /** What can fail. */
  record Parts(
      InstanceFleet fleet,
      KafkaCluster kafka,
      RegistryProxy registry,
      RegistryClient registryClient,
      HostileLoad load,
      ImageGroup group) {}

  /** A moment on both clocks. */
  private record Moment(long nanos, long ms) {
    static Moment now() {
      return new Moment(System.nanoTime(), System.currentTimeMillis());
    }
  }

  /**
   * Creates an injector.
   *
   * @param instances number of instances between two faults
   * @param partitions of the images topic at first; it grows to twice as many at most
   */
  FaultInjector(Parts parts, String topicPrefix, int instances, int partitions) {
    this.parts = parts;
    this.topicPrefix = topicPrefix;
    this.instances = instances;
    this.partitions = partitions;
    this.maxPartitions = 2 * partitions;
  }

  /** Makes something fail; returns when it fails no more. */
  InjectedFault inject(PlannedFault planned) throws Exception {
    boolean sparesSome =
        EnumSet.of(FaultKind.KILL, FaultKind.FREEZE, FaultKind.SCALE).contains(planned.kind());
    owners = sparesSome ? parts.group().owners() : Map.of();
    since = Moment.now();
    Moment began = since;
    String detail = fail(planned);
    long endedNanos = System.nanoTime();
    return new InjectedFault(
        planned.kind(),
        detail,
        began.nanos(),
        began.ms(),
        endedNanos,
        since.nanos(),
        since.ms() + 1,
        bystanders(),
        awaitAllRunning());
  }

  private boolean awaitAllRunning() throws InterruptedException {
    boolean all = true;
    for (int number : parts.fleet().wanted()) {
      all &= parts.fleet().awaitRunning(number, START_LIMIT);
    }
    return all;
  }

  private Set<Integer> bystanders() {
    Set<String> ids = touched.stream().map(InstanceFleet::clientId).collect(Collectors.toSet());
    Set<Integer> others = new TreeSet<>();
    owners.forEach(
        (instance, owned) -> {
          if (!ids.contains(instance)) {
            others.addAll(owned);
          }
        });
    return others;
  }

  private String fail(PlannedFault planned) throws Exception {
    return switch (planned.kind()) {
      case KILL -> kill(planned);
      case KILL_ALL -> killAll(planned);
      case ROLL -> roll();
      case FREEZE -> freeze(planned);
      case SCALE -> scale(planned);
      case BROKER -> broker(planned);
      case CLUSTER -> cluster(planned);
      case REGISTRY_AWAY -> registry(planned, Mood.AWAY);
      case REGISTRY_HUNG -> registry(planned, Mood.HUNG);
      case REGISTRY_REFUSING ->
          registry(planned, planned.pick() % 2 == 0 ? Mood.FORBIDDING : Mood.MISSING);
      case REGISTRY_EMPTY -> registry(planned, Mood.EMPTY);
      case STEAL -> steal(planned);
      case CONFIG -> configure(good(planned), "capacity");
      case BAD_CONFIG -> configure(bad(planned), "refused");
      case PARTITIONS -> morePartitions();
      case BOMBS -> bombs();
    };
  }

  private String kill(PlannedFault planned) throws InterruptedException {
    int victim = victim(planned);
    touched = Set.of(victim);
    parts.fleet().kill(victim, duration(planned));
    since = Moment.now();
    kills++;
    return "instance %d, started again after %s".formatted(victim, seconds(planned));
  }

  private String killAll(PlannedFault planned) throws InterruptedException {
    List<Integer> running = parts.fleet().wanted();
    for (int victim : running) {
      parts.fleet().kill(victim, duration(planned));
    }
    since = Moment.now();
    kills += running.size();
    return "%d instances, started again after %s".formatted(running.size(), seconds(planned));
  }

  private String roll() throws InterruptedException {
    List<Integer> running = parts.fleet().wanted();
    for (int number : running) {
      parts.fleet().stop(number);
      since = Moment.now();
      parts.fleet().awaitRunning(number, START_LIMIT);
    }
    return running.size() + " instances";
  }

  private String freeze(PlannedFault planned) throws InterruptedException {
    int victim = victim(planned);
    touched = Set.of(victim);
    parts.fleet().freeze(victim);
    since = Moment.now();
    try {
      pause(planned);
    } finally {
      parts.fleet().resume(victim);
    }
    if (parts.fleet().wanted().size() == 1) {
      since = Moment.now(); // nobody could take over
    }
    return "instance %d, %s".formatted(victim, seconds(planned));
  }

  private String scale(PlannedFault planned) throws InterruptedException {
    int target = 1 + planned.pick() % (2 * instances);
    touched =
        IntStream.range(target, Math.max(target, instances)).boxed().collect(Collectors.toSet());
    parts.fleet().scale(target);
    pause(planned);
    parts.fleet().scale(instances);
    since = Moment.now();
    return "%d to %d and back, %s".formatted(instances, target, seconds(planned));
  }

  private int victim(PlannedFault planned) {
    List<Integer> running = parts.fleet().wanted();
    return running.get(planned.pick() % running.size());
  }

  private String broker(PlannedFault planned) throws InterruptedException {
    int victim = planned.pick() % parts.kafka().size();
    parts.kafka().kill(victim);
    since = Moment.now();
    brokerKills++;
    pause(planned);
    if (parts.kafka().size() == 1) {
      since = Moment.now(); // nothing could go on
    }
    parts.kafka().restart(victim);
    return "broker %d, %s".formatted(victim + 1, seconds(planned));
  }

  private String cluster(PlannedFault planned) throws InterruptedException {
    parts.kafka().killAll();
    brokerKills += parts.kafka().size();
    pause(planned);
    since = Moment.now();
    parts.kafka().startAll();
    return seconds(planned);
  }

  private String registry(PlannedFault planned, Mood mood) throws InterruptedException {
    parts.registry().be(mood);
    try {
      parts.load().newSchema();
      pause(planned);
    } finally {
      parts.registry().be(Mood.WELL);
    }
    since = Moment.now();
    return mood.name().toLowerCase(Locale.ROOT) + ", " + seconds(planned);
  }

  private String steal(PlannedFault planned) throws IOException, InterruptedException {
    try (BusyProcess thief = BusyProcess.during(new Slowdown(0, planned.seconds()))) {
      while (thief.isAlive()) {
        Thread.sleep(200);
      }
    }
    since = Moment.now();
    return seconds(planned);
  }

  private static PipelineConfig good(PlannedFault planned) {
    return PipelineConfig.newBuilder()
        .setCapacityMode("fixed")
        .setCapacityRatio(0.25 + planned.pick() % 9 / 10.0)
        .setBatchMaxImages(8 + planned.pick() % 9)
        .setNote("bench faults")
        .build();
  }

  private static PipelineConfig bad(PlannedFault planned) {
    return planned.pick() % 2 == 0
        ? PipelineConfig.newBuilder().setCapacityRatio(-1.0).build()
        : PipelineConfig.newBuilder().setModel("no-such-model").build();
  }

  private String configure(PipelineConfig config, String what)
      throws InterruptedException, ExecutionException {
    String topic = topicPrefix + TopicPlan.CONFIG;
    byte @Nullable [] value =
        new AvroSerializer<PipelineConfig>(parts.registryClient()).serialize(topic, config);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                parts.kafka().bootstrapServers(),
                ProducerConfig.ACKS_CONFIG,
                "all"),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      long offset =
          producer.send(new ProducerRecord<byte[], byte[]>(topic, 0, null, value)).get().offset();
      return "record %d, %s".formatted(offset, what);
    }
  }

  private String morePartitions() throws InterruptedException, ExecutionException {
    if (partitions == maxPartitions) {
      return "none: there are %d already".formatted(partitions);
    }
    String topic = topicPrefix + TopicPlan.IMAGES;
    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", parts.kafka().bootstrapServers()))) {
      admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(partitions + 1))).all().get();
    }
    partitions++;
    parts.load().partitions(partitions);
    return "%d partitions".formatted(partitions);
  }

  /** Behind each is an image that is good. */
  private String bombs() throws InterruptedException {
    parts.load().bombs(BOMBS, HEAVY_ONE_IN);
    since = Moment.now();
    return BOMBS + " at once";
  }

  private static void pause(PlannedFault planned) throws InterruptedException {
    Thread.sleep(duration(planned).toMillis());
  }

  private static Duration duration(PlannedFault planned) {
    return Duration.ofMillis(Math.round(1e3 * planned.seconds()));
  }

  private static String seconds(PlannedFault planned) {
    return String.format(Locale.ROOT, "%.1f s", planned.seconds());
  }

  /** Returns the partitions that the load sends to now. */
  int partitions() {
    return partitions;
  }

  /** Returns how many instances were killed. */
  int kills() {
    return kills;
  }

  /** Returns how many brokers were killed. */
  int brokerKills() {
    return brokerKills;
  }
}

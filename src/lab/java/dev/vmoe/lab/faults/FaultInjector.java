package dev.vmoe.lab.faults;

import dev.vmoe.lab.faults.FaultSchedule.PlannedFault;
import dev.vmoe.lab.faults.RegistryProxy.Mood;
import dev.vmoe.lab.overload.ArrivalTrace.Slowdown;
import dev.vmoe.lab.overload.BusyProcess;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.jspecify.annotations.Nullable;

/** Makes things fail, one after the other. */
final class FaultInjector {

  private static final int MIN_STEP_SECONDS = 5;
  private static final int STEPS = 56;

  /** A pick below this chooses the instance alone; what is above it, the step of the clock. */
  private static final int VICTIMS = 16;

  private static final int BOMBS = 500;

  /** Those that are decoded take up to seconds of a core each. They come to all partitions. */
  private static final int HEAVY_ONE_IN = 23;

  private final Parts parts;
  private final String topicPrefix;
  private final int instances;
  private final int maxPartitions;
  private final long maxPixels;

  private FaultEffects effects;
  private int partitions;
  private int kills;
  private int brokerKills;

  /** From when on the recovery from the present fault counts. */
  private Moment since = Moment.now();

  /** Who had which partition before the present fault. */
  private Map<String, Set<Integer>> owners = Map.of();

  /** Instances that the present fault touches. */
  private Set<Integer> touched = Set.of();

  /** Longest time to answers after a step of the present fault that was not its last, in ms. */
  private long earlierMs;

  /**
   * What can fail, and what shows whether it did.
   *
   * @param spare model to put on; null where the plan does without
   */
  record Parts(
      InstanceSurroundings surroundings,
      InstanceFleet fleet,
      KafkaCluster kafka,
      RegistryProxy registry,
      ConfigRecords config,
      @Nullable SpareModel spare,
      HostileLoad load,
      ImageGroup group,
      AnswerWatcher watcher) {}

  /**
   * Creates an injector.
   *
   * @param instances number of instances between two faults
   * @param partitions of the images topic at first; it grows to twice as many at most
   * @param maxPixels of an image that instances take
   */
  FaultInjector(Parts parts, String topicPrefix, int instances, int partitions, long maxPixels) {
    this.parts = parts;
    this.effects = newEffects();
    this.topicPrefix = topicPrefix;
    this.instances = instances;
    this.partitions = partitions;
    this.maxPartitions = 2 * partitions;
    this.maxPixels = maxPixels;
  }

  /** Makes something fail; returns when it fails no more. */
  InjectedFault inject(PlannedFault planned) throws Exception {
    boolean sparesSome =
        EnumSet.of(
                FaultKind.KILL,
                FaultKind.FREEZE,
                FaultKind.SCALE,
                FaultKind.NETWORK,
                FaultKind.CLOCK)
            .contains(planned.kind());
    owners = sparesSome ? parts.group().owners() : Map.of();
    earlierMs = 0;
    effects = newEffects();
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
        earlierMs,
        bystanders(),
        awaitAllRunning() && effects.all());
  }

  private FaultEffects newEffects() {
    return new FaultEffects(parts.fleet(), parts.group(), parts.watcher());
  }

  private boolean awaitAllRunning() throws InterruptedException {
    boolean all = true;
    for (int number : parts.fleet().wanted()) {
      all &= parts.fleet().awaitRunning(number, FaultEffects.LIMIT);
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
      case CONFIG -> "record %d, capacity".formatted(parts.config().good(planned.pick()));
      case BAD_CONFIG -> "record %d, refused".formatted(parts.config().bad(planned.pick()));
      case PARTITIONS -> morePartitions();
      case BOMBS -> bombs();
      case MODEL -> model(planned);
      case NETWORK -> network(planned);
      case CLOCK -> clock(planned);
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
      parts.fleet().awaitRunning(number, FaultEffects.LIMIT);
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

  /** Puts another model on, and the first one again. */
  private String model(PlannedFault planned) throws InterruptedException, ExecutionException {
    String spare = Objects.requireNonNull(parts.spare()).model().name();
    Moment put = Moment.now();
    long record = parts.config().model(SpareModel.NAME);
    earlierMs = effects.answers(put, partitions, any -> true);
    long thereMs = effects.answers(put, partitions, spare::equals);
    pause(planned);
    since = Moment.now();
    parts.config().reset();
    long backMs = effects.answers(since, partitions, name -> !name.equals(spare));
    return "record %d: %s everywhere after %d ms, for %s, back after %d ms"
        .formatted(record, spare, thereMs, seconds(planned), backMs);
  }

  private String network(PlannedFault planned) throws InterruptedException, ExecutionException {
    InstanceNetwork network = Objects.requireNonNull(parts.surroundings().network());
    int victim = victim(planned);
    touched = Set.of(victim);
    network.cut(victim);
    since = Moment.now();
    try {
      pause(planned);
    } finally {
      network.heal(victim);
    }
    if (parts.fleet().wanted().size() == 1) {
      since = Moment.now(); // nobody could take over
    }
    return "instance %d, %s, %s".formatted(victim, seconds(planned), partitionsAgain(victim));
  }

  private String clock(PlannedFault planned) throws InterruptedException, ExecutionException {
    int victim = victim(planned);
    touched = Set.of(victim);
    int some = planned.pick() / VICTIMS;
    long step = (some % 2 == 0 ? -1 : 1) * (MIN_STEP_SECONDS + some / 2 % STEPS);
    stepClock(victim, Duration.ofSeconds(step), step > 0);
    earlierMs = effects.answers(Moment.now(), partitions, any -> true);
    pause(planned);
    stepClock(victim, Duration.ZERO, step < 0);
    since = Moment.now();
    return "instance %d by %+d s for %s, %s"
        .formatted(victim, step, seconds(planned), partitionsAgain(victim));
  }

  /** Steps a clock, and waits until its instance says so. */
  private void stepClock(int victim, Duration difference, boolean forward)
      throws InterruptedException {
    String text = "the system clock went " + (forward ? "forward" : "back");
    long before = parts.fleet().said(victim, text);
    Objects.requireNonNull(parts.surroundings().clocks()).set(victim, difference);
    effects.lines(victim, text, before);
  }

  /** Says how long an instance that had partitions waits for some again. */
  private String partitionsAgain(int victim) throws InterruptedException, ExecutionException {
    return owners.getOrDefault(InstanceFleet.clientId(victim), Set.of()).isEmpty()
        ? "which had no partitions"
        : "partitions again after " + effects.partitions(victim) + " ms";
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
    parts.load().bombs(BOMBS, Bomb.all(maxPixels), HEAVY_ONE_IN);
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

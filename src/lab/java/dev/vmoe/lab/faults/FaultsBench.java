package dev.vmoe.lab.faults;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.vmoe.app.embedded.EmbeddedRegistry;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.lab.faults.FaultSchedule.PlannedFault;
import dev.vmoe.lab.faults.FaultsResult.MeasuredFault;
import dev.vmoe.streams.models.ServedFiles;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicAdmin;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Runs the pipeline as processes, makes things fail while a load goes on, and checks every answer
 * at the end.
 */
public final class FaultsBench {

  private static final String PREFIX = "faults.";
  private static final String GROUP = "faults";

  /** Until all partitions have a first answer. */
  private static final Duration START_LIMIT = Duration.ofSeconds(240);

  private final FaultsPlan plan;
  private final Path folder;
  private final String mainClass;
  private final Path model;
  private final Consumer<String> progress;

  /**
   * Prepares a run.
   *
   * @param folder for logs and data; empty
   * @param mainClass name of the class of the command {@code vmoe}
   * @param model file of the model to serve
   * @param progress takes lines for people
   */
  public FaultsBench(
      FaultsPlan plan, Path folder, String mainClass, Path model, Consumer<String> progress) {
    this.plan = plan;
    this.folder = folder;
    this.mainClass = mainClass;
    this.model = model;
    this.progress = progress;
  }

  /** Runs; returns what was found. */
  public FaultsResult run() throws Exception {
    quiet();
    progress.accept(
        "starting %d broker%s%s and a schema registry"
            .formatted(
                plan.brokers(),
                plan.brokers() == 1 ? "" : "s",
                plan.combined() ? ", its own controller," : " with a controller"));
    try (InstanceSurroundings surroundings = InstanceSurroundings.of(plan, folder);
        ChildJvms jvms = new ChildJvms(folder);
        EmbeddedRegistry server = EmbeddedRegistry.start();
        RegistryProxy proxy = new RegistryProxy(surroundings.host(), server.url());
        RegistryClient registry =
            new RegistryClient(server.url(), Map.of(), Duration.ofSeconds(60))) {
      SpareModel spare =
          plan.weights().containsKey(FaultKind.MODEL) ? SpareModel.below(folder) : null;
      KafkaCluster kafka =
          KafkaCluster.start(jvms, surroundings.host(), folder, plan.brokers(), plan.combined());
      Map<String, String> settings = settings(kafka.bootstrapServers(), proxy.url(), spare);
      createTopics(kafka.bootstrapServers());
      progress.accept("starting %d instances".formatted(plan.instances()));
      try (InstanceFleet fleet =
              new InstanceFleet(
                  jvms,
                  folder,
                  mainClass,
                  surroundings::prefix,
                  plan.instanceMebibytes(),
                  settings,
                  plan.instances(),
                  progress);
          AnswerWatcher watcher =
              new AnswerWatcher(kafka.bootstrapServers(), PREFIX + TopicPlan.PREDICTIONS);
          HostileLoad load =
              new HostileLoad(
                  kafka.bootstrapServers(),
                  registry,
                  PREFIX + TopicPlan.IMAGES,
                  plan.partitions(),
                  plan.perSecond(),
                  plan.seed())) {
        ImageGroup group =
            new ImageGroup(kafka.bootstrapServers(), GROUP, PREFIX + TopicPlan.IMAGES);
        ConfigRecords config =
            new ConfigRecords(kafka.bootstrapServers(), registry, PREFIX + TopicPlan.CONFIG);
        return run(
            new FaultInjector.Parts(
                surroundings, fleet, kafka, proxy, config, spare, load, group, watcher),
            models(settings, spare));
      }
    }
  }

  /** Kafka's clients would warn many times a second while a broker is away. */
  private static void quiet() {
    if (System.getenv("VMOE_LOG_LEVEL") == null
        && LoggerFactory.getLogger("org.apache.kafka") instanceof Logger logger) {
      logger.setLevel(Level.ERROR);
    }
  }

  /** Returns the models that may answer. */
  private static Set<AnsweringModel> models(
      Map<String, String> settings, @Nullable SpareModel spare) throws IOException {
    Settings file = new Settings(settings);
    Set<AnsweringModel> models = new HashSet<>();
    ServedFiles.of(file, LiveSettings.of(file))
        .cards()
        .forEach(card -> models.add(AnsweringModel.of(card)));
    if (spare != null) {
      models.add(spare.model());
    }
    return models;
  }

  private FaultsResult run(FaultInjector.Parts parts, Set<AnsweringModel> models) throws Exception {
    long maxPixels = new Settings(plan.settings()).getLong(Settings.IMAGE_MAX_PIXELS);
    FaultInjector injector =
        new FaultInjector(parts, PREFIX, plan.instances(), plan.partitions(), maxPixels);
    AnswerWatcher watcher = parts.watcher();
    parts.load().start();
    if (watcher.await(0, plan.partitions(), START_LIMIT).isEmpty()) {
      throw new IllegalStateException(
          "not every partition had an answer within %s; the logs in %s say why"
              .formatted(START_LIMIT, folder));
    }
    long startNanos = System.nanoTime();
    List<MeasuredFault> faults = new ArrayList<>();
    FaultSchedule schedule =
        new FaultSchedule(plan.weights(), plan.maxFaultSeconds(), plan.faultSeconds(), plan.seed());
    long endNanos = startNanos + Math.round(1e9 * plan.seconds());
    while (System.nanoTime() - endNanos < 0) {
      PlannedFault next = schedule.next();
      faults.add(measured(injector, watcher, next, faults.size() + 1, startNanos));
      TimeUnit.MILLISECONDS.sleep(Math.round(1e3 * next.calmSeconds()));
    }
    parts.load().stop();
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    progress.accept("waiting for the last answers");
    String brokers = parts.kafka().bootstrapServers();
    if (!parts.group().awaitEnd()) {
      progress.accept("not everything was answered in time");
    }
    if (plan.sabotage() == Sabotage.OFFSETS) {
      rewind(parts.fleet(), parts.group());
    }
    FaultsResult.Memory memory =
        new FaultsResult.Memory(
            parts.fleet().mebibytes(),
            parts.fleet().largestMebibytes(),
            plan.instanceMebibytes(),
            parts.surroundings().peakMebibytes());
    DeliveryVerdict verdict = verdict(new TopicContents(brokers), models);
    parts.fleet().scale(0);
    return new FaultsResult(
        plan,
        faults,
        new FaultsResult.Counts(
            seconds,
            injector.kills(),
            injector.brokerKills(),
            parts.load().refused(),
            Math.max(0, parts.load().acknowledged() - verdict.images()),
            parts.fleet().exits(),
            counted(parts.fleet().stopCodes())),
        verdict,
        memory);
  }

  private MeasuredFault measured(
      FaultInjector injector,
      AnswerWatcher watcher,
      PlannedFault planned,
      int number,
      long startNanos)
      throws Exception {
    InjectedFault fault = injector.inject(planned);
    OptionalLong answered =
        watcher.await(fault.sinceMs(), injector.partitions(), FaultEffects.LIMIT);
    long untilNanos = Math.max(System.nanoTime(), answered.orElse(Long.MIN_VALUE));
    ArrivalLog log = watcher.log();
    MeasuredFault measured =
        new MeasuredFault(
            fault.kind(),
            fault.detail(),
            (fault.beganNanos() - startNanos) / 1e9,
            (fault.endedNanos() - fault.beganNanos()) / 1e9,
            answered.isPresent() && fault.allWell()
                ? Math.max(
                    fault.earlierMs(),
                    TimeUnit.NANOSECONDS.toMillis(answered.getAsLong() - fault.sinceNanos()))
                : null,
            millis(log.survivorPauses(fault.bystanders(), fault.beganNanos(), untilNanos)),
            millis(log.movedPauses(fault.bystanders(), fault.beganNanos(), untilNanos)),
            TimeUnit.NANOSECONDS.toMillis(log.longestPause(fault.beganNanos(), untilNanos)),
            answered.isPresent()
                ? log.latencies(
                    fault.beganMs(),
                    fault.sinceMs(),
                    fault.beganNanos() - TimeUnit.MILLISECONDS.toNanos(fault.beganMs()))
                : List.of());
    progress.accept(
        "%5.0f s  %3d  %s: %s; %s, %d answers"
            .formatted(
                measured.atSeconds(),
                number,
                measured.kind().label(),
                measured.detail(),
                measured.recoveryMs() == null
                    ? "no answer of a partition, or an instance that does not go on, within "
                        + FaultEffects.LIMIT.toSeconds()
                        + " s"
                    : "recovered after " + measured.recoveryMs() + " ms",
                log.count()));
    return measured;
  }

  private static List<Long> millis(Map<Integer, Long> nanos) {
    return nanos.values().stream().map(TimeUnit.NANOSECONDS::toMillis).toList();
  }

  private void rewind(InstanceFleet fleet, ImageGroup group) throws Exception {
    progress.accept("sabotage: stopping all instances and setting their offsets back");
    fleet.scale(0);
    group.setBack();
    fleet.scale(plan.instances());
    if (!group.awaitEnd()) {
      progress.accept("not everything was answered again in time");
    }
  }

  private DeliveryVerdict verdict(TopicContents topics, Set<AnsweringModel> models)
      throws InterruptedException {
    progress.accept("reading all topics and checking every answer");
    List<ImageRecord> images = topics.images(PREFIX + TopicPlan.IMAGES);
    List<AnswerRecord> answers =
        topics.answers(PREFIX + TopicPlan.PREDICTIONS, PREFIX + TopicPlan.IMAGES_DLQ);
    SummedWork work = topics.utilization(PREFIX + TopicPlan.EXPERT_UTILIZATION);
    if (plan.sabotage() != null) {
      plan.sabotage().change(answers);
    }
    return DeliveryCheck.of(images, answers, work, models);
  }

  private Map<String, String> settings(
      String brokers, String registryUrl, @Nullable SpareModel spare) {
    Map<String, String> settings = new HashMap<>();
    settings.put(Settings.APPLICATION_ID, GROUP);
    settings.put(Settings.BOOTSTRAP_SERVERS, brokers);
    settings.put(Settings.REGISTRY_URL, registryUrl);
    settings.put(Settings.TOPIC_PREFIX, PREFIX);
    settings.put(Settings.MODEL, model.toAbsolutePath().toString());
    if (spare != null) {
      settings.put(Settings.MODELS_DIR, spare.folder().toString());
    }
    settings.put(Settings.DEVICE, "cpu");
    settings.put(Settings.CONSOLE_PORT, "-1");
    settings.put(Settings.COST_SURVEY_MS, "500");
    // many instances share a machine
    settings.put(Settings.INFERENCE_THREADS, "1");
    settings.put(Settings.INFERENCE_RUNS, "1");
    if (plan.instanceMebibytes() == 0) {
      settings.put(Settings.DECODE_THREADS, "1"); // else as many as by default
    }
    settings.put(Settings.BATCH_MAX_IMAGES, "16");
    settings.put("streams.num.stream.threads", Integer.toString(plan.threads()));
    // more partitions are seen after this time
    settings.put("consumer.metadata.max.age.ms", "5000");
    settings.putAll(plan.settings());
    return settings;
  }

  private void createTopics(String brokers) throws IOException {
    TopicPlan loaded = TopicPlan.load().withReplicationFactor(plan.brokers());
    TopicPlan topics =
        new TopicPlan(
            loaded.topics().stream()
                .map(
                    topic ->
                        List.of(TopicPlan.IMAGES, TopicPlan.PREDICTIONS).contains(topic.name())
                            ? new TopicPlan.Topic(
                                topic.name(),
                                plan.partitions(),
                                topic.replicationFactor(),
                                topic.config())
                            : topic)
                .toList());
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
      new TopicAdmin(admin, new Settings(Map.of(Settings.TOPIC_PREFIX, PREFIX))).create(topics);
    }
  }

  private static Map<Integer, Integer> counted(List<Integer> codes) {
    Map<Integer, Integer> counted = new TreeMap<>();
    codes.forEach(code -> counted.merge(code, 1, Integer::sum));
    return counted;
  }
}

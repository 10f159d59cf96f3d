package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.vmoe.batch.BufferRoom;
import dev.vmoe.config.ConfigConflictException;
import dev.vmoe.config.ConfigWriter;
import dev.vmoe.config.LiveConfiguration;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.Prediction;
import dev.vmoe.image.FakeDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.inference.BatchResult;
import dev.vmoe.inference.Device;
import dev.vmoe.inference.InferenceException;
import dev.vmoe.inference.SessionSettings;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.instance.ControllerFactory;
import dev.vmoe.instance.LoadedModel;
import dev.vmoe.instance.ModelSource;
import dev.vmoe.instance.Pipeline;
import dev.vmoe.lab.bench.RandomCheckpoint;
import dev.vmoe.metrics.Exposition;
import dev.vmoe.metrics.Meters;
import dev.vmoe.metrics.Scrape;
import dev.vmoe.model.ImportOptions;
import dev.vmoe.model.ModelImport;
import dev.vmoe.model.VmoeArchitecture;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.kafka.streams.KafkaStreams;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A record of the configuration topic changes the model: two models of other image sizes, classes,
 * layers and experts, in real sessions.
 */
@ExtendWith(CrashesBorne.class)
class ModelChangeIT {

  private static final int PARTITIONS = 4;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final String SMALL = "small";
  private static final String LARGE = "large";
  private static final String CORRUPT = "corrupt";
  private static final String SLOW = "slow";

  @TempDir static Path folder;

  @BeforeAll
  static void makeModels() throws Exception {
    make(SMALL, architecture(8, List.of(1, 3), 4, 5), 5);
    make(LARGE, architecture(24, List.of(0, 2, 3), 2, 7), 6);
    make(SLOW, architecture(16, List.of(), 0, 3), 7);
    Path corrupt = folder.resolve(CORRUPT + ".onnx");
    byte[] whole = Files.readAllBytes(folder.resolve(SMALL + ".onnx"));
    for (int i = 0; i < 400; i++) {
      whole[i + 100] = 0x55; // in the graph; what the file says about itself stands behind it
    }
    Files.write(corrupt, whole);
  }

  private static VmoeArchitecture architecture(
      int size, List<Integer> blocks, int experts, int classes) {
    return new VmoeArchitecture(
        size, 4, 24, 32, 2, 4, blocks, experts, classes, VmoeArchitecture.Classifier.TOKEN, 0);
  }

  private static void make(String name, VmoeArchitecture architecture, long seed) throws Exception {
    ModelImport.write(
        RandomCheckpoint.of(architecture, seed),
        ImportOptions.named(name),
        folder.resolve(name + ".onnx"));
  }

  /** Models of the folder; the slow one is loaded once it is let through. */
  private static final class Models implements ModelSource {

    final Queue<String> loaded = new ConcurrentLinkedQueue<>();
    final Queue<String> closed = new ConcurrentLinkedQueue<>();
    final AtomicInteger failures = new AtomicInteger();
    final Queue<RuntimeException> unexpected = new ConcurrentLinkedQueue<>();
    final Semaphore slow = new Semaphore(0);
    final AtomicInteger waiting = new AtomicInteger();

    private static ModelCard card(LiveSettings settings) {
      return switch (String.valueOf(settings.model())) {
        case SMALL, CORRUPT -> cards(SMALL);
        case LARGE -> cards(LARGE);
        case SLOW -> cards(SLOW);
        default -> throw new IllegalArgumentException("no model '" + settings.model() + "'");
      };
    }

    private static ModelCard cards(String name) {
      try (VmoeSession session = open(name)) {
        return session.card();
      }
    }

    private static VmoeSession open(String name) {
      return VmoeSession.open(
          folder.resolve(name + ".onnx"), new SessionSettings(Device.CPU, 1, false, List.of(1)));
    }

    @Override
    public LiveSettings complete(LiveSettings settings) {
      return BufferRoom.runnable(settings, card(settings));
    }

    private void awaitLetThrough() {
      try {
        if (!slow.tryAcquire(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new IllegalStateException("nobody let the slow model through");
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public LoadedModel load(LiveSettings settings) {
      complete(settings);
      String name = String.valueOf(settings.model());
      if (name.equals(SLOW)) {
        waiting.incrementAndGet();
        awaitLetThrough();
      }
      VmoeSession session = open(name);
      loaded.add(name);
      int size = session.card().imageSize();
      return new LoadedModel(
          new Failing(session, failures, unexpected),
          new FakeDecoder(size * size * 3),
          ControllerFactory.fixed(),
          () -> {
            session.close();
            closed.add(name);
          });
    }
  }

  /** A model that can be told to fail, and remembers when it fails of itself. */
  private record Failing(
      BatchClassifier classifier, AtomicInteger failures, Queue<RuntimeException> unexpected)
      implements BatchClassifier {
    @Override
    public ModelCard card() {
      return classifier.card();
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        throw new InferenceException("told to fail", new IllegalStateException("test"));
      }
      try {
        return classifier.classify(images, numImages, priorities, settings);
      } catch (RuntimeException e) {
        unexpected.add(e);
        throw e;
      }
    }

    @Override
    public void close() {
      classifier.close();
    }
  }

  private static final class Running implements AutoCloseable {

    final Models models = new Models();
    final Meters meters = new Meters();
    final Pipeline pipeline;

    Running(Workbench workbench) {
      pipeline =
          Pipeline.start(
              workbench.settings(
                  Map.of(Settings.MODEL, SMALL, "capacity.mode", "fixed", "capacity.ratio", 0.9)),
              models,
              Pipeline.metrics(meters));
    }

    Long version() {
      return pipeline.configuration().current().version();
    }

    void awaitVersion(Long version) {
      await("version " + version).atMost(LIMIT).until(() -> Objects.equals(version(), version));
    }

    void awaitRefusal(long offset, String reason) {
      await("refusal of " + offset)
          .atMost(LIMIT)
          .until(
              () ->
                  pipeline
                      .configuration()
                      .lastRefused()
                      .filter(refusal -> refusal.offset() == offset)
                      .isPresent());
      assertThat(pipeline.configuration().lastRefused().orElseThrow().refusal()).contains(reason);
    }

    Scrape scrape() {
      return Scrape.of(meters.scrape(Exposition.PROMETHEUS));
    }

    @Override
    public void close() {
      pipeline.close();
      meters.close();
    }
  }

  private static PipelineConfig.Builder model(String name) {
    return PipelineConfig.newBuilder().setModel(name);
  }

  @Test
  void shouldChangeTheModelUnderLoadOnAllInstancesWithoutLosingAnImage() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench);
        Feeder feeder = Feeder.start(workbench, PARTITIONS, 300);
        Running one = new Running(workbench);
        Running two = new Running(workbench)) {
      awaitAnswersBy(answers, SMALL, 200);

      for (int round = 0; round < 2; round++) {
        one.models.failures.set(1); // a stream thread dies in the middle of it
        changeTo(LARGE, workbench, answers, one, two);
        two.models.failures.set(1);
        changeTo(SMALL, workbench, answers, one, two);
      }
      changeTo(LARGE, workbench, answers, one, two);
      for (Running running : List.of(one, two)) {
        await("the old ones are closed")
            .atMost(LIMIT)
            .until(() -> running.models.closed.size() == running.models.loaded.size() - 1);
        assertThat(running.models.unexpected).as("no model is closed under a batch").isEmpty();
        assertThat(running.models.loaded).containsExactly(SMALL, LARGE, SMALL, LARGE, SMALL, LARGE);
        Scrape scrape = running.scrape();
        assertThat(scrape.sum("vmoe_model_info{")).isEqualTo(1);
        assertThat(scrape.sum("vmoe_model_info{model=\"large\"")).isEqualTo(1);
        assertThat(scrape.sum("vmoe_stream_thread_failures_total")).isPositive();
        String text = running.meters.scrape(Exposition.PROMETHEUS);
        assertThat(text)
            .contains("vmoe_expert_choices_assigned_total{expert=\"1\",layer=\"2\"}")
            .doesNotContain("layer=\"1\"", "expert=\"2\"");
      }

      int sent = feeder.stop();
      await("all answers").atMost(LIMIT).until(() -> answers.poll() >= sent);
      answers.assertExactlyOnce();
      assertEachBatchHasOneModel(answers.predictions.read);
      assertThat(one.pipeline.failure()).isEmpty();
      assertThat(two.pipeline.failure()).isEmpty();
    }
  }

  private static void changeTo(
      String name, Workbench workbench, Answers answers, Running one, Running two)
      throws Exception {
    int before = answersBy(answers, name);
    long version = workbench.configure(model(name).build());
    one.awaitVersion(version);
    two.awaitVersion(version);
    assertThat(one.pipeline.card().name()).isEqualTo(name);
    awaitAnswersBy(answers, name, before + 200);
  }

  private static int answersBy(Answers answers, String model) {
    return (int)
        answers.predictions.read.stream().filter(it -> it.getModel().equals(model)).count();
  }

  private static void awaitAnswersBy(Answers answers, String model, int count) {
    await(count + " answers by " + model)
        .atMost(LIMIT)
        .until(
            () -> {
              answers.poll();
              return answersBy(answers, model) >= count;
            });
  }

  private static void assertEachBatchHasOneModel(List<Prediction> predictions) {
    Map<String, String> models = new HashMap<>();
    Map<String, Set<String>> hashes = new HashMap<>();
    for (Prediction it : predictions) {
      String model = models.merge(it.getBatchId(), it.getModel(), (a, b) -> a.equals(b) ? a : "");
      assertThat(model).as("batch %s", it.getBatchId()).isEqualTo(it.getModel());
      hashes.computeIfAbsent(it.getModel(), any -> new HashSet<>()).add(it.getWeightsHash());
      assertThat(it.getTop()).hasSize(5);
      assertThat(it.getTop().get(0).getIndex()).isLessThan(it.getModel().equals(SMALL) ? 5 : 7);
    }
    assertThat(hashes).hasSize(2).allSatisfy((model, its) -> assertThat(its).hasSize(1));
    assertThat(hashes.values().stream().flatMap(Set::stream).collect(Collectors.toSet()))
        .hasSize(2);
  }

  @Test
  void shouldRefuseAModelThatCannotBeServedAndKeepTheOneThatIs() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Answers answers = Answers.of(workbench);
        Running running = new Running(workbench)) {
      long missing = workbench.configure(model("missing").build());
      running.awaitRefusal(missing, "no model 'missing'");
      long outside = workbench.configure(model("../" + LARGE).build());
      running.awaitRefusal(outside, "'../large' is no model's name");
      long corrupt = workbench.configure(model(CORRUPT).build());
      running.awaitRefusal(corrupt, "cannot load");
      assertThat(running.version()).isNull();
      workbench.send(0, "a", FakeDecoder.grey(1));
      workbench.flush();
      awaitAnswersBy(answers, SMALL, 1);
      assertThat(answers.predictions.read.get(0).getConfigurationVersion()).isNull();
      long huge = workbench.configure(model(LARGE).setBatchMaxImages(4096).build());
      running.awaitVersion(huge); // 7 MB a buffer: not too much
      assertThat(running.scrape().value("vmoe_configurations_refused_total")).isEqualTo(3);
      workbench.send(0, "a", FakeDecoder.grey(1));
      workbench.flush();
      awaitAnswersBy(answers, LARGE, 1);
      assertThat(running.models.loaded).containsExactly(SMALL, LARGE);
    }
  }

  @Test
  void shouldLetOtherRecordsPassWhileAModelIsLoaded() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Answers answers = Answers.of(workbench);
        Running running = new Running(workbench)) {
      LiveConfiguration configuration = running.pipeline.configuration();
      long slow = workbench.configure(model(SLOW).build());
      await().atMost(LIMIT).until(() -> running.models.waiting.get() == 1);
      assertThat(configuration.newestWaiting().orElseThrow().offset()).isEqualTo(slow);
      assertThat(configuration.seen()).isEqualTo(new ConfigWriter.Seen(null, null, Map.of()));
      assertThatExceptionOfType(ConfigConflictException.class)
          .as("a change by who sees what is in force, not what waits")
          .isThrownBy(() -> lower(workbench, configuration.seen()));
      long outside = workbench.configure(model("../" + LARGE).build());
      running.awaitRefusal(outside, "is no model's name");
      assertThat(configuration.newestWaiting().orElseThrow().offset()).isEqualTo(slow);
      assertThat(configuration.seen()).isEqualTo(new ConfigWriter.Seen(null, null, Map.of()));
      long meanwhile = workbench.configure(model(SMALL).setCapacityRatio(0.5).build());
      running.awaitVersion(meanwhile);
      await("all is seen")
          .atMost(LIMIT)
          .until(() -> Objects.equals(configuration.seen().lastOffset(), meanwhile));
      assertThat(configuration.seen().inForce())
          .isEqualTo(Map.of("model", SMALL, "capacity.ratio", "0.5"));
      assertThat(configuration.newestWaiting()).isEmpty();
      workbench.send(0, "a", FakeDecoder.grey(1));
      workbench.flush();
      awaitAnswersBy(answers, SMALL, 1);
      assertThat(answers.predictions.read.get(0).getRequestedCapacityRatio()).isEqualTo(0.5);
      running.models.slow.release();
      await("what was superseded is given back")
          .atMost(LIMIT)
          .until(() -> running.models.closed.contains(SLOW));
      assertThat(running.version()).isEqualTo(meanwhile);
      assertThat(lower(workbench, configuration.seen())).isPresent();

      workbench.configure(model(SLOW).build());
      await().atMost(LIMIT).until(() -> running.models.waiting.get() == 2);
      long behind = workbench.configure(model(LARGE).build());
      long refused = workbench.configure(model(CORRUPT).build());
      running.models.slow.release();
      running.awaitRefusal(refused, "cannot load");
      running.awaitVersion(behind);
      assertThat(running.pipeline.card().name()).isEqualTo(LARGE);
      workbench.configure((byte[]) null);
      running.awaitVersion(null);
      assertThat(running.pipeline.card().name()).isEqualTo(SMALL);
    }
  }

  private static Optional<ConfigWriter.Written> lower(Workbench workbench, ConfigWriter.Seen seen) {
    return workbench
        .configWriter()
        .editSeen(
            seen,
            inForce -> {
              inForce.put("capacity.ratio", "0.25");
              return inForce;
            },
            "it",
            null);
  }

  @Test
  void shouldEndOnlyOnceTheModelThatIsBeingLoadedIsGivenBack() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Running running = new Running(workbench)) {
      workbench.configure(model(SLOW).build());
      await().atMost(LIMIT).until(() -> running.models.waiting.get() == 1);
      Thread closing = new Thread(running.pipeline::close, "closing");
      closing.start();
      await("the stream threads have ended")
          .atMost(LIMIT)
          .until(() -> running.pipeline.state() == KafkaStreams.State.NOT_RUNNING);

      closing.join(1_000);
      assertThat(closing.isAlive()).as("waits for the load").isTrue();
      running.models.slow.release();
      closing.join(LIMIT.toMillis());

      assertThat(closing.isAlive()).isFalse();
      assertThat(running.models.closed).containsExactlyInAnyOrder(SLOW, SMALL);
      assertThat(running.version()).isNull();
    }
  }

  @Test
  void shouldStartWithTheModelOfTheLastValidRecordAndLoadNoOther() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Answers answers = Answers.of(workbench)) {
      workbench.configure(model(SLOW).build());
      workbench.configure(model(LARGE).build());
      workbench.configure(model(CORRUPT).build());
      workbench.send(0, "a", FakeDecoder.grey(1));
      workbench.flush();
      try (Running running = new Running(workbench)) {
        assertThat(running.version()).isEqualTo(1);
        awaitAnswersBy(answers, LARGE, 1);
        assertThat(running.models.loaded).containsExactly(LARGE);
        assertThat(running.models.waiting).as("loads of an older record's model").hasValue(0);
        assertThat(running.pipeline.configuration().lastRefused()).isPresent();
      }
      assertThat(answers.predictions.read).hasSize(1);
    }
  }
}

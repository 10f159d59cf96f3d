package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ModelImport;
import dev.vmoe.importer.convert.PixelScale;
import dev.vmoe.importer.onnx.OnnxImport;
import dev.vmoe.lab.bench.RandomCheckpoint;
import dev.vmoe.streams.instance.ControllerFactory;
import dev.vmoe.streams.instance.LoadedModel;
import dev.vmoe.streams.instance.ModelSource;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Exposition;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.Scrape;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Models of other image sizes, classes, layers and experts, and an instance that serves them. */
@ExtendWith(CrashesBorne.class)
abstract class ModelChangeFixture {

  static final Duration LIMIT = Duration.ofSeconds(60);

  static final String SMALL = "small";
  static final String LARGE = "large";
  static final String CORRUPT = "corrupt";
  static final String SLOW = "slow";
  static final String DENSE = "dense";

  /** Batches of each model that run at once. */
  private static final int RUNS = 2;

  /** A MobileNet that torch exported. */
  static final String ONNX = "onnx";

  @TempDir static Path folder;

  @BeforeAll
  static void makeModels() throws Exception {
    make(SMALL, architecture(8, List.of(1, 3), 4, 5), 5);
    make(LARGE, architecture(24, List.of(0, 2, 3), 2, 7), 6);
    make(SLOW, architecture(16, List.of(), 0, 3), 7);
    make(DENSE, architecture(16, List.of(), 0, 5), 8);
    OnnxImport.write(
        Path.of(System.getProperty("vmoe.home", "."), "src/test/resources/onnx/mobilenet.onnx"),
        ImportOptions.named(ONNX),
        new PixelScale(1 / 255.0, List.of(0.5, 0.5, 0.5), List.of(0.2, 0.2, 0.2)),
        new HashMap<>(),
        folder.resolve(ONNX + ".onnx"));
    Path corrupt = folder.resolve(CORRUPT + ".onnx");
    byte[] whole = Files.readAllBytes(folder.resolve(SMALL + ".onnx"));
    for (int i = 0; i < 400; i++) {
      whole[i + 100] = 0x55; // in the graph; what the file says about itself stands behind it
    }
    Files.write(corrupt, whole);
  }

  private static VmoeArchitecture architecture(
      int size, List<Integer> blocks, int experts, int classes) {
    return Architectures.of(
        size, 4, 24, 32, 2, 4, blocks, experts, classes, VmoeArchitecture.Classifier.TOKEN, 0);
  }

  private static void make(String name, VmoeArchitecture architecture, long seed) throws Exception {
    ModelImport.write(
        RandomCheckpoint.of(architecture, seed),
        ImportOptions.named(name),
        folder.resolve(name + ".onnx"));
  }

  /** Models of the folder; the slow one is loaded once it is let through. */
  static final class Models implements ModelSource {

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
        case SLOW, DENSE, ONNX -> cards(String.valueOf(settings.model()));
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
          folder.resolve(name + ".onnx"),
          new SessionSettings(Device.CPU, 1, false, List.of(1)).withRuns(RUNS));
    }

    @Override
    public LiveSettings complete(LiveSettings settings) {
      return settings.runnable(List.of(card(settings)), RUNS);
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
    public int parallelRuns() {
      return classifier.parallelRuns();
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

  static final class Running implements AutoCloseable {

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

  static PipelineConfig.Builder model(String name) {
    return PipelineConfig.newBuilder().setModel(name);
  }

  static int answersBy(Answers answers, String model) {
    return (int)
        answers.predictions.read.stream().filter(it -> it.getModel().equals(model)).count();
  }

  static void awaitAnswersBy(Answers answers, String model, int count) {
    await(count + " answers by " + model)
        .atMost(LIMIT)
        .until(
            () -> {
              answers.poll();
              return answersBy(answers, model) >= count;
            });
  }
}

package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.Sample;
import dev.vmoe.core.capacity.Samples;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Precision;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.Prediction;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ModelImport;
import dev.vmoe.importer.convert.PixelScale;
import dev.vmoe.importer.onnx.OnnxImport;
import dev.vmoe.lab.bench.RandomCheckpoint;
import dev.vmoe.streams.instance.LoadedModel;
import dev.vmoe.streams.instance.ModelSource;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.instance.SettingsModels;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.metrics.Scrape;
import dev.vmoe.streams.models.ProfileFile;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A V-MoE, a dense model, itself in bytes and an ONNX classifier of another origin answer beside
 * each other, in turn.
 */
class ModelLadderIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int PARTITIONS = 2;
  private static final int SIZE = 32;
  private static final String MAIN = "main";
  private static final String DENSE = "dense";
  private static final String BYTES = "bytes";
  private static final String LARGE = "large";

  /** A MobileNet that torch exported. */
  private static final String ONNX = "onnx";

  /** What a controller may be asked first. */
  private static final Sample FIRST = Samples.of(1, 1, 0, 0, 0, null, Load.UNKNOWN);

  @TempDir static Path folder;

  @BeforeAll
  static void makeModels() throws Exception {
    ParameterTree sparse = RandomCheckpoint.of(architecture(SIZE, List.of(1, 3), 4), 5);
    make(MAIN, sparse, Precision.FP32);
    make(BYTES, sparse, Precision.INT8);
    make(DENSE, RandomCheckpoint.of(architecture(SIZE, List.of(), 0), 6), Precision.FP32);
    make(LARGE, RandomCheckpoint.of(architecture(2 * SIZE, List.of(), 0), 7), Precision.FP32);
    writeProfile(
        OnnxImport.write(
            Path.of(System.getProperty("vmoe.home", "."), "src/test/resources/onnx/mobilenet.onnx"),
            ImportOptions.named(ONNX),
            new PixelScale(1 / 255.0, List.of(0.5, 0.5, 0.5), List.of(0.2, 0.2, 0.2)),
            new HashMap<>(),
            graph(ONNX)),
        graph(ONNX));
  }

  private static Path graph(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name)).resolve("model.onnx");
  }

  private static VmoeArchitecture architecture(int size, List<Integer> blocks, int experts) {
    return Architectures.of(
        size, 4, 24, 32, 2, 4, blocks, experts, 5, VmoeArchitecture.Classifier.TOKEN, 0);
  }

  private static void make(String name, ParameterTree checkpoint, Precision precision)
      throws Exception {
    Form form = new Form(Target.CPU, precision);
    writeProfile(
        ModelImport.write(checkpoint, ImportOptions.named(name), form, graph(name)), graph(name));
  }

  private static void writeProfile(ModelCard card, Path graph) throws IOException {
    new ProfileFile(
            card.name(),
            card.weightsHash(),
            "held out",
            1000,
            1,
            "vmoe lab sweep",
            List.of(
                new ProfileFile.MeasuredAccuracy("bpr", 1, 0.5, 16, 0.8),
                new ProfileFile.MeasuredAccuracy("bpr", 1, 1.05, 16, 0.9)))
        .write(ProfileFile.beside(graph));
  }

  /** The models of the settings, one batch each in turn: no load has to be made for it. */
  private static final class InTurn implements ModelSource {

    private final ModelSource models;
    private final AtomicInteger batches = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();

    InTurn(ModelSource models) {
      this.models = models;
    }

    @Override
    public LiveSettings complete(LiveSettings settings) {
      return models.complete(settings);
    }

    @Override
    public LoadedModel load(LiveSettings settings) {
      LoadedModel loaded = models.load(settings);
      int count = loaded.classifiers().size();
      return new LoadedModel(
          loaded.classifiers(),
          new FakeDecoder(3 * SIZE * SIZE),
          live -> {
            loaded.controllers().create(live).decide(FIRST); // can be made, and decides
            return sample ->
                new Decision(
                    new OperatingPoint(batches.getAndIncrement() % count, 1.05, 1),
                    Routing.BATCH_PRIORITY,
                    "in turn");
          },
          () -> {
            loaded.close();
            closed.incrementAndGet();
          });
    }
  }

  @Test
  void shouldAnswerByAllModelsOfTheLadderAndChangeItLive() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench);
        Workbench.Reader<ExpertUtilization> events = workbench.utilization();
        Meters meters = new Meters()) {
      Settings settings =
          workbench.settings(
              Map.of(
                  "models.dir",
                  folder,
                  Settings.MODEL,
                  MAIN,
                  Settings.MODELS_LADDER,
                  DENSE,
                  Settings.DEVICE,
                  "cpu",
                  Settings.INFERENCE_THREADS,
                  1,
                  Settings.COST_SURVEY_MS,
                  0));
      PipelineMetrics metrics = Pipeline.metrics(meters);
      Progress progress = new Progress(new PrintWriter(new StringWriter()));
      InTurn models = new InTurn(new SettingsModels(settings, metrics, progress, () -> {}));
      try (Pipeline pipeline = Pipeline.start(settings, models, metrics);
          Feeder feeder = Feeder.start(workbench, PARTITIONS, 200)) {
        awaitMore(answers, MAIN, DENSE);
        assertThat(answersBy(answers, BYTES)).isZero();

        long large = workbench.configure(ladder(LARGE));
        awaitRefusal(pipeline, large, "image size in pixels 32 and 64");
        long missing = workbench.configure(ladder("missing"));
        awaitRefusal(pipeline, missing, "no model 'missing'");
        awaitMore(answers, MAIN, DENSE);

        awaitVersion(pipeline, workbench.configure(ladder(String.join(",", DENSE, BYTES, ONNX))));
        awaitMore(answers, MAIN, DENSE, BYTES, ONNX);
        await("what was replaced is closed").atMost(LIMIT).until(() -> models.closed.get() == 1);
        Scrape scrape = Scrape.of(meters);
        assertThat(scrape.sum("vmoe_model_info{")).isEqualTo(4);
        for (String model : List.of(MAIN, DENSE, BYTES, ONNX)) {
          assertThat(scrape.sum("vmoe_model_images_total{model=\"" + model + "\"")).isPositive();
        }

        awaitVersion(pipeline, workbench.configure(ladder("none")));
        int before = answersBy(answers, MAIN);
        int sent = feeder.stop();
        await("all answers").atMost(LIMIT).until(() -> answers.poll() >= sent);
        assertThat(answersBy(answers, MAIN)).isGreaterThanOrEqualTo(before);
        assertThat(pipeline.failure()).isEmpty();
      }
      answers.assertExactlyOnce();
      assertEventsSayWhichModel(answers, events.pollToEnd());
    }
  }

  private static PipelineConfig ladder(String names) {
    return PipelineConfig.newBuilder().setModelsLadder(names).build();
  }

  /** Waits for more answers by each of these models. */
  private static void awaitMore(Answers answers, String... models) {
    for (String model : models) {
      ModelChangeFixture.awaitAnswersBy(answers, model, answersBy(answers, model) + 20);
    }
  }

  private static int answersBy(Answers answers, String model) {
    return ModelChangeFixture.answersBy(answers, model);
  }

  private static void awaitVersion(Pipeline pipeline, long version) {
    await("version " + version)
        .atMost(LIMIT)
        .until(() -> Objects.equals(pipeline.configuration().current().version(), version));
  }

  private static void awaitRefusal(Pipeline pipeline, long offset, String reason) {
    await("refusal of " + offset)
        .atMost(LIMIT)
        .until(
            () ->
                pipeline
                    .configuration()
                    .lastRefused()
                    .filter(refused -> refused.offset() == offset)
                    .filter(refused -> String.valueOf(refused.refusal()).contains(reason))
                    .isPresent());
  }

  /** Each batch has one model, in its predictions and its events; one without experts has none. */
  private static void assertEventsSayWhichModel(Answers answers, List<ExpertUtilization> events) {
    Map<String, String> models =
        events.stream()
            .collect(
                Collectors.toMap(
                    ExpertUtilization::getBatchId,
                    ExpertUtilization::getModel,
                    (a, b) -> a.equals(b) ? a : "several"));
    Set<String> withExperts = Set.of(MAIN, BYTES);
    assertThat(answers.predictions.read)
        .allSatisfy(
            it ->
                assertThat(models.get(it.getBatchId()))
                    .isEqualTo(withExperts.contains(it.getModel()) ? it.getModel() : null))
        .extracting(Prediction::getModel)
        .contains(MAIN, DENSE, BYTES, ONNX);
    assertThat(events).allSatisfy(event -> assertThat(event.getLayers()).hasSize(2));
  }
}

package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Precision;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.bench.GraphParts;
import dev.vmoe.lab.bench.MatrixPeak;
import dev.vmoe.lab.bench.OperatorProfile;
import dev.vmoe.lab.bench.ProductArithmetic;
import dev.vmoe.lab.bench.RandomCheckpoint;
import dev.vmoe.lab.bench.RandomModels;
import dev.vmoe.lab.bench.Rounds;
import dev.vmoe.lab.bench.Variant;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.output.Table;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab bench graph}: the graph alone, beside its dense twin and the machine's peak. */
@Command(
    name = "graph",
    description = {
      "Time of the graph alone, with random weights: a V-MoE at several capacity ratios, its dense"
          + " twin and large matrix products, in turn and in one process. Times are the fastest of"
          + " the rounds, since other processes can only lengthen them; medians stand beside them.",
      "Then ONNX Runtime's own profile says where the time goes: by operator, and within the MoE"
          + " layers what routing, dispatch, combine and counting take beside the experts. --csv"
          + " writes this table."
    })
final class BenchGraphCommand extends Benchmark {

  private static final String PEAK = "products";
  private static final String TWIN = "dense twin";
  private static final double PROFILED_RATIO = 1.05;
  private static final int PROFILED_RUNS = 10;
  private static final int SKIPPED_RUNS = 2;

  @Mixin private final BatchSizeOption batchSize = new BatchSizeOption();
  @Mixin private final RoundsOption rounds = new RoundsOption(10);

  @Option(
      names = "--variant",
      paramLabel = "S/32|B/16",
      defaultValue = "S/32",
      description = "The architecture, or L/16 or H/14 (default: ${DEFAULT-VALUE}).")
  private String variant = "S/32";

  @Option(
      names = "--ratios",
      split = ",",
      paramLabel = "R",
      defaultValue = "2,1.05,0.5,0.25,0.1",
      description = "Capacity ratios (default: ${DEFAULT-VALUE}).")
  private List<Double> ratios = List.of();

  @Option(
      names = "--experts-per-token",
      paramLabel = "K",
      defaultValue = "2",
      description = "Experts that each token is sent to, 1 or 2 (default: ${DEFAULT-VALUE}).")
  private int expertsPerToken = 2;

  @Option(
      names = "--device",
      paramLabel = "cpu|cuda:N",
      defaultValue = "cpu",
      description =
          "Where the graph runs, and which it is built to be fast on (default:"
              + " ${DEFAULT-VALUE}).")
  private String device = "cpu";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads on the CPU (default: the number of cores).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Batches that run at once, each on --threads threads; the products and the profile have"
              + " one (default: ${DEFAULT-VALUE}).")
  private int runs = 1;

  @Option(
      names = "--precision",
      paramLabel = "fp32|fp16|int8",
      defaultValue = "fp32",
      description =
          "Precision of large matrix products: fp16 on cuda, int8 on the CPU (default:"
              + " ${DEFAULT-VALUE}).")
  private Precision precision = Precision.FP32;

  @Option(
      names = "--sleeping",
      description =
          "Let idle threads sleep, as in a pipeline. Without it they spin, since nothing else here"
              + " needs the cores.")
  private boolean sleeping;

  private BenchGraphCommand() {}

  private record GraphTimes(Rounds rounds, GraphParts vmoe, GraphParts twin) {}

  @Override
  void check() {
    positive("--batch", "--rounds", "--threads", "--runs");
  }

  @Override
  BenchmarkResult measure() throws IOException, InterruptedException {
    SessionSettings settings =
        new SessionSettings(valid(this::device), threads, !sleeping, List.of());
    Form form =
        valid(
            () ->
                new Form(
                    settings.device().kind() == Device.Kind.CUDA ? Target.CUDA : Target.CPU,
                    precision));
    VmoeArchitecture architecture = valid(this::architecture);
    Path work = Files.createTempDirectory("bench-graph");
    try {
      GraphTimes times = measure(architecture, form, settings, work);
      ObjectNode result = result(architecture, times);
      Table profile = profile(times);
      return new BenchmarkResult(text(result, profile), profile, result);
    } finally {
      Folders.delete(work);
    }
  }

  private Device device() {
    Device chosen = Device.ofLabel(device);
    if (chosen.kind() == Device.Kind.AUTO) {
      throw new IllegalArgumentException(
          "device auto does not say which graph to build: name cpu or cuda:N");
    }
    return chosen;
  }

  private VmoeArchitecture architecture() {
    ratios.forEach(this::settings);
    if (expertsPerToken > 2) {
      throw new IllegalArgumentException(
          "experts per token " + expertsPerToken + " outside 1 to 2, what the graph is made for");
    }
    return Variant.ofLabel(variant).architecture();
  }

  private GraphTimes measure(VmoeArchitecture a, Form form, SessionSettings settings, Path work)
      throws IOException, InterruptedException {
    Progress progress = progress();
    progress.say("making " + variant + " with random weights, and its dense twin");
    Path graph = RandomModels.graph(variant, false, form, SEED);
    Path twin = RandomModels.graph(variant, true, form, SEED);
    int batch = batchSize.images();
    ByteBuffer images = images(a);

    Rounds timed = new Rounds();
    progress.say("opening them");
    ExecutorService pool = Executors.newFixedThreadPool(runs);
    try (VmoeSession dense = VmoeSession.open(twin, settings.withRuns(runs));
        VmoeSession moe = VmoeSession.open(graph, settings.withRuns(runs));
        MatrixPeak products = MatrixPeak.open(work.resolve("peak.onnx"), SEED, settings)) {
      timed.addTimed(PEAK, products::run);
      timed.addTimed(TWIN, () -> allAtOnce(pool, () -> dense.classify(images, batch, settings(1))));
      for (double ratio : ratios) {
        timed.addTimed(
            name(ratio),
            () -> {
              RoutingCounts counts =
                  allAtOnce(pool, () -> moe.classify(images, batch, settings(ratio))).counts();
              timed.note(rowsName(ratio), IntStream.of(counts.dispatched()).sum() / (double) batch);
            });
      }
      rounds.run(timed, "measurements", progress);
    } finally {
      pool.shutdown();
    }
    progress.say("profiling both");
    return new GraphTimes(
        timed,
        parts(graph, settings.profiledTo(work.resolve("vmoe")), images),
        parts(twin, settings.profiledTo(work.resolve("dense")), images));
  }

  /** Does the same work in each of the runs, and returns what came of one of them. */
  private BatchResult allAtOnce(ExecutorService pool, Callable<BatchResult> run) {
    try {
      BatchResult last = null;
      for (Future<BatchResult> done : pool.invokeAll(Collections.nCopies(runs, run))) {
        last = done.get();
      }
      return Objects.requireNonNull(last);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a run failed: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private GraphParts parts(Path graph, SessionSettings settings, ByteBuffer images)
      throws IOException {
    try (VmoeSession session = VmoeSession.open(graph, settings)) {
      for (int run = 0; run < PROFILED_RUNS + SKIPPED_RUNS; run++) {
        session.classify(images, batchSize.images(), settings(PROFILED_RATIO));
      }
      return GraphParts.of(OperatorProfile.read(session.endProfile(), SKIPPED_RUNS));
    }
  }

  private ByteBuffer images(VmoeArchitecture a) {
    int imageBytes = 3 * a.imageSize() * a.imageSize();
    byte[] pixels = new byte[Math.multiplyExact(batchSize.images(), imageBytes)];
    new Random(SEED).nextBytes(pixels);
    return ByteBuffer.allocateDirect(pixels.length).put(pixels).flip();
  }

  private RoutingSettings settings(double ratio) {
    return new RoutingSettings(ratio, expertsPerToken, Routing.BATCH_PRIORITY);
  }

  private static String name(double ratio) {
    return "ratio " + ratio;
  }

  /** Returns the name of the rows that experts computed for one image. */
  private static String rowsName(double ratio) {
    return "rows at " + name(ratio);
  }

  private ObjectNode result(VmoeArchitecture a, GraphTimes times) {
    Rounds timed = times.rounds();
    ProductArithmetic moe = ProductArithmetic.of(a);
    double twinFlops = ProductArithmetic.of(RandomCheckpoint.denseTwin(a)).flops(0);
    double twinSeconds = timed.fastest(TWIN);
    double msPerImage = 1e3 / batchSize.images() / runs;
    ObjectNode result = Json.object();
    result.put("variant", variant);
    result.put("batch", batchSize.images());
    result.put("experts_per_token", expertsPerToken);
    result.put("precision", precision.label());
    result.put("device", device);
    result.put("threads", threads);
    result.put("runs", runs);
    result.put("spinning", !sleeping);
    result.put("rounds", rounds.count());
    result.put("seed", SEED);
    putByRatio(result, "ms_per_image", ratio -> msPerImage * timed.fastest(name(ratio)));
    result.put("dense_ms_per_image", msPerImage * twinSeconds);
    putByRatio(result, "median_ms_per_image", ratio -> msPerImage * timed.median(name(ratio)));
    result.put("median_dense_ms_per_image", msPerImage * timed.median(TWIN));
    putByRatio(result, "expert_rows_per_image", ratio -> timed.median(rowsName(ratio)));
    putByRatio(
        result,
        "arithmetic_speed_of_twin",
        ratio -> twinFlops / moe.flops(timed.median(rowsName(ratio))));
    putByRatio(result, "speed_of_twin", ratio -> twinSeconds / timed.fastest(name(ratio)));
    result.put("moe_overhead_share", times.vmoe().moeOverheadShare());
    moeMicros(times).forEach(result.putObject("moe_layers_us")::put);
    result.put("peak_gflops", MatrixPeak.flops() / timed.fastest(PEAK) / 1e9);
    result.put("achieved_gflops", twinFlops * batchSize.images() * runs / twinSeconds / 1e9);
    result.put("dense_gflop_per_image", twinFlops / 1e9);
    return result;
  }

  private void putByRatio(ObjectNode result, String name, ToDoubleFunction<Double> figure) {
    ObjectNode all = result.putObject(name);
    ratios.forEach(ratio -> all.put(label(ratio), figure.applyAsDouble(ratio)));
  }

  private static String label(double ratio) {
    return ratio == Math.rint(ratio) ? Long.toString((long) ratio) : Double.toString(ratio);
  }

  private String text(ObjectNode result, Table profile) {
    Table times =
        new Table("", "ms an image", "median", "× the twin's speed", "arithmetic", "expert rows");
    times.add(
        TWIN,
        Table.decimals(result.path("dense_ms_per_image").doubleValue(), 3),
        Table.decimals(result.path("median_dense_ms_per_image").doubleValue(), 3),
        "",
        "",
        "");
    for (double ratio : ratios) {
      times.add(
          name(ratio),
          decimals(result, "ms_per_image", ratio, 3),
          decimals(result, "median_ms_per_image", ratio, 3),
          decimals(result, "speed_of_twin", ratio, 3),
          decimals(result, "arithmetic_speed_of_twin", ratio, 3),
          decimals(result, "expert_rows_per_image", ratio, 1));
    }
    double peak = result.path("peak_gflops").doubleValue();
    double achieved = result.path("achieved_gflops").doubleValue();
    return times.toText()
        + String.format(
            Locale.ROOT,
            "%nproducts reach %.0f GFLOP/s, the dense twin as a whole %.0f (%.1f %%)%n"
                + "MoE layers at ratio %s: %.1f %% beside the experts%n%n",
            peak,
            achieved,
            100 * achieved / peak,
            PROFILED_RATIO,
            100 * result.path("moe_overhead_share").doubleValue())
        + profile.toText();
  }

  private static String decimals(ObjectNode result, String name, double ratio, int digits) {
    return Table.decimals(result.path(name).path(label(ratio)).doubleValue(), digits);
  }

  /** Returns the time of each operator and of each part of the MoE layers. */
  private static Table profile(GraphTimes times) {
    Table table = new Table("graph", "what", "us a batch", "share %");
    addAll(table, "V-MoE", times.vmoe().operatorMicros(), times.vmoe().micros());
    addAll(table, "MoE layers", moeMicros(times), times.vmoe().moeLayers());
    addAll(table, TWIN, times.twin().operatorMicros(), times.twin().micros());
    return table;
  }

  private static Map<String, Double> moeMicros(GraphTimes times) {
    Map<String, Double> micros = new LinkedHashMap<>();
    times
        .vmoe()
        .moeMicros()
        .forEach((part, each) -> micros.put(part.name().toLowerCase(Locale.ROOT), each));
    return micros;
  }

  private static void addAll(Table table, String graph, Map<String, Double> micros, double all) {
    micros.entrySet().stream()
        .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
        .forEach(
            entry ->
                table.add(
                    graph,
                    entry.getKey(),
                    Table.decimals(entry.getValue(), 0),
                    Table.decimals(100 * entry.getValue() / all, 1)));
  }
}

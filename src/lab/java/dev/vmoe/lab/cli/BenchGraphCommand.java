package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.cli.PositiveNumbers;
import dev.vmoe.inference.Device;
import dev.vmoe.inference.SessionSettings;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.lab.bench.GraphParts;
import dev.vmoe.lab.bench.MatrixPeak;
import dev.vmoe.lab.bench.OperatorProfile;
import dev.vmoe.lab.bench.PeakGraph;
import dev.vmoe.lab.bench.ProductArithmetic;
import dev.vmoe.lab.bench.RandomModels;
import dev.vmoe.lab.bench.Rounds;
import dev.vmoe.lab.bench.Variant;
import dev.vmoe.model.Form;
import dev.vmoe.model.Precision;
import dev.vmoe.model.Target;
import dev.vmoe.model.VmoeArchitecture;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.output.Json;
import dev.vmoe.output.OutputFiles;
import dev.vmoe.output.Progress;
import dev.vmoe.output.Table;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vmoe bench graph}: the graph alone, beside its dense twin and the machine's peak. */
@Command(
    name = "graph",
    description = {
      "Time of the graph alone, with random weights: a V-MoE at several capacity ratios, its dense"
          + " twin and large matrix products, in turn and in one process. Times are the fastest of"
          + " the rounds, since other processes can only lengthen them; medians stand beside them.",
      "Then ONNX Runtime's own profile says where the time goes: by operator, and within the MoE"
          + " layers what routing, dispatch, combine and counting take beside the experts."
    })
final class BenchGraphCommand implements Callable<Integer> {

  private static final long SEED = 20_220_622;
  private static final String PEAK = "products";
  private static final String TWIN = "dense twin";
  private static final double PROFILED_RATIO = 1.05;
  private static final int PROFILED_RUNS = 10;
  private static final int SKIPPED_RUNS = 2;

  @Spec private CommandSpec spec;

  @Option(
      names = "--variant",
      paramLabel = "S/32|B/16",
      defaultValue = "S/32",
      description = "The architecture, or L/16 or H/14 (default: ${DEFAULT-VALUE}).")
  private String variant = "S/32";

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "32",
      description = "Images a batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--ratios",
      split = ",",
      paramLabel = "R",
      defaultValue = "2,1.05,0.5,0.25,0.1",
      description = "Capacity ratios (default: ${DEFAULT-VALUE}).")
  private List<Double> ratios = List.of();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "10",
      description = "Rounds beside one that warms up (default: ${DEFAULT-VALUE}).")
  private int rounds;

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
      names = "--precision",
      paramLabel = "fp32|fp16|int8",
      defaultValue = "fp32",
      description =
          "What large products are computed in; fp16 on cuda, int8 on the CPU (default:"
              + " ${DEFAULT-VALUE}).")
  private Precision precision = Precision.FP32;

  @Option(
      names = "--sleeping",
      description =
          "Let the threads sleep while they wait for each other, as they do in a pipeline; else"
              + " they wait awake, as nothing else here needs the cores.")
  private boolean sleeping;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there as JSON.")
  private @Nullable Path json;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Write the time of each operator and of each part of the MoE layers there.")
  private @Nullable Path csv;

  private BenchGraphCommand() {}

  /**
   * What was measured.
   *
   * @param expertRows rows that experts computed for one image, by ratio
   */
  private record Measured(
      Rounds rounds, Map<Double, Double> expertRows, GraphParts vmoe, GraphParts twin) {}

  @Override
  public Integer call() throws IOException {
    PositiveNumbers.check(spec, "--batch", batch, "--rounds", rounds, "--threads", threads);
    SessionSettings settings = new SessionSettings(device(), threads, !sleeping, List.of());
    Form form = form(settings.device());
    VmoeArchitecture architecture = architecture();
    Path work = Files.createTempDirectory("bench-graph");
    try {
      Measured measured = measure(architecture, form, settings, work);
      ObjectNode result = result(architecture, measured);
      if (json != null) {
        Json.write(json, result);
      }
      if (csv != null) {
        OutputFiles.write(csv, profile(measured).toCsv());
      }
      print(result, measured);
    } finally {
      for (Path file : files(work)) {
        Files.delete(file);
      }
      Files.delete(work);
    }
    return 0;
  }

  private Device device() {
    try {
      Device chosen = Device.ofLabel(device);
      if (chosen.kind() == Device.Kind.AUTO) {
        throw new IllegalArgumentException(
            "device auto says not which graph to build: name cpu or cuda:N");
      }
      return chosen;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private Form form(Device chosen) {
    try {
      return new Form(chosen.kind() == Device.Kind.CUDA ? Target.CUDA : Target.CPU, precision);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private VmoeArchitecture architecture() {
    try {
      ratios.forEach(ratio -> new RoutingSettings(ratio, 2, Routing.BATCH_PRIORITY));
      return Variant.ofLabel(variant).architecture();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private Measured measure(VmoeArchitecture a, Form form, SessionSettings settings, Path work)
      throws IOException {
    Progress progress = new Progress(spec.commandLine().getErr());
    progress.say("making " + variant + " with random weights, and its dense twin");
    Path graph = RandomModels.graph(variant, false, form, SEED);
    Path twin = RandomModels.graph(variant, true, form, SEED);
    Path peak = work.resolve("peak.onnx");
    PeakGraph.write(peak, SEED);
    ByteBuffer images = images(a);

    Rounds timed = new Rounds();
    Map<Double, Double> expertRows = new LinkedHashMap<>();
    progress.say("opening them");
    try (VmoeSession dense = VmoeSession.open(twin, settings);
        VmoeSession moe = VmoeSession.open(graph, settings);
        MatrixPeak products = MatrixPeak.open(peak, PeakGraph.SIZE, settings)) {
      timed.add(PEAK, products::run);
      timed.add(TWIN, () -> dense.classify(images, batch, settings(1)));
      for (double ratio : ratios) {
        timed.add(
            name(ratio),
            () ->
                expertRows.put(
                    ratio,
                    IntStream.of(moe.classify(images, batch, settings(ratio)).counts().dispatched())
                            .sum()
                        / (double) batch));
      }
      try (Progress.Bar bar = progress.bar("rounds", rounds)) {
        timed.next();
        for (int round = 1; round <= rounds; round++) {
          timed.next();
          bar.at(round);
        }
      }
    }
    progress.say("profiling both");
    return new Measured(
        timed,
        expertRows,
        parts(graph, settings.profiledTo(work.resolve("vmoe")), images),
        parts(twin, settings.profiledTo(work.resolve("dense")), images));
  }

  private GraphParts parts(Path graph, SessionSettings settings, ByteBuffer images)
      throws IOException {
    try (VmoeSession session = VmoeSession.open(graph, settings)) {
      for (int run = 0; run < PROFILED_RUNS + SKIPPED_RUNS; run++) {
        session.classify(images, batch, settings(PROFILED_RATIO));
      }
      return GraphParts.of(OperatorProfile.read(session.endProfile(), SKIPPED_RUNS));
    }
  }

  private ByteBuffer images(VmoeArchitecture a) {
    byte[] pixels = new byte[Math.multiplyExact(batch, 3 * a.imageSize() * a.imageSize())];
    new Random(SEED).nextBytes(pixels);
    return ByteBuffer.allocateDirect(pixels.length).put(pixels).flip();
  }

  private static RoutingSettings settings(double ratio) {
    return new RoutingSettings(ratio, 2, Routing.BATCH_PRIORITY);
  }

  private static String name(double ratio) {
    return "ratio " + ratio;
  }

  private ObjectNode result(VmoeArchitecture a, Measured measured) {
    Rounds timed = measured.rounds();
    ProductArithmetic twin = ProductArithmetic.of(a.denseTwin());
    ProductArithmetic moe = ProductArithmetic.of(a);
    double twinFlops = twin.flops(0);
    ObjectNode result = Json.object();
    result.put("variant", variant);
    result.put("batch", batch);
    result.put("precision", precision.label());
    result.put("device", device);
    result.put("threads", threads);
    result.put("spinning", !sleeping);
    result.put("rounds", rounds);
    result.put("seed", SEED);
    ObjectNode fastest = result.putObject("ms_per_image");
    ratios.forEach(ratio -> fastest.put(label(ratio), millis(timed.fastest(name(ratio)))));
    result.put("dense_ms_per_image", millis(timed.fastest(TWIN)));
    ObjectNode median = result.putObject("median_ms_per_image");
    ratios.forEach(ratio -> median.put(label(ratio), millis(timed.median(name(ratio)))));
    result.put("median_dense_ms_per_image", millis(timed.median(TWIN)));
    ObjectNode rows = result.putObject("expert_rows_per_image");
    measured.expertRows().forEach((ratio, count) -> rows.put(label(ratio), count));
    ObjectNode arithmetic = result.putObject("arithmetic_speed_of_twin");
    measured
        .expertRows()
        .forEach((ratio, count) -> arithmetic.put(label(ratio), twinFlops / moe.flops(count)));
    ObjectNode speed = result.putObject("speed_of_twin");
    ratios.forEach(
        ratio -> speed.put(label(ratio), timed.fastest(TWIN) / timed.fastest(name(ratio))));
    result.put("moe_overhead_share", measured.vmoe().moeOverheadShare());
    ObjectNode parts = result.putObject("moe_layers_us");
    moeMicros(measured).forEach(parts::put);
    result.put("peak_gflops", PeakGraph.flops() / timed.fastest(PEAK) / 1e9);
    result.put("achieved_gflops", twinFlops * batch / timed.fastest(TWIN) / 1e9);
    result.put("dense_gflop_per_image", twinFlops / 1e9);
    return result;
  }

  private double millis(double seconds) {
    return 1e3 * seconds / batch;
  }

  private static String label(double ratio) {
    return ratio == Math.rint(ratio) ? Long.toString((long) ratio) : Double.toString(ratio);
  }

  private void print(ObjectNode result, Measured measured) {
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
      String label = label(ratio);
      times.add(
          name(ratio),
          Table.decimals(result.path("ms_per_image").path(label).doubleValue(), 3),
          Table.decimals(result.path("median_ms_per_image").path(label).doubleValue(), 3),
          Table.decimals(result.path("speed_of_twin").path(label).doubleValue(), 3),
          Table.decimals(result.path("arithmetic_speed_of_twin").path(label).doubleValue(), 3),
          Table.decimals(result.path("expert_rows_per_image").path(label).doubleValue(), 1));
    }
    double peak = result.path("peak_gflops").doubleValue();
    double achieved = result.path("achieved_gflops").doubleValue();
    PrintWriter out = spec.commandLine().getOut();
    out.print(times.toText());
    out.printf(
        Locale.ROOT,
        "%nproducts reach %.0f GFLOP/s, the dense twin as a whole %.0f (%.1f %%)%n",
        peak,
        achieved,
        100 * achieved / peak);
    out.printf(
        Locale.ROOT,
        "MoE layers at ratio %s: %.1f %% beside the experts%n%n",
        PROFILED_RATIO,
        100 * result.path("moe_overhead_share").doubleValue());
    out.print(profile(measured).toText());
    out.flush();
  }

  /** Returns the time of each operator and of each part of the MoE layers. */
  private static Table profile(Measured measured) {
    Table table = new Table("graph", "what", "us a batch", "share %");
    addAll(table, "V-MoE", measured.vmoe().operatorMicros(), measured.vmoe().micros());
    addAll(table, "MoE layers", moeMicros(measured), measured.vmoe().moeLayers());
    addAll(table, TWIN, measured.twin().operatorMicros(), measured.twin().micros());
    return table;
  }

  private static Map<String, Double> moeMicros(Measured measured) {
    Map<String, Double> micros = new LinkedHashMap<>();
    measured
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

  private static List<Path> files(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }
}

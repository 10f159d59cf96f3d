package dev.vmoe.importer.convert;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.CheckpointException;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.importer.checkpoint.CheckpointWriter;
import dev.vmoe.importer.checkpoint.Dtype;
import dev.vmoe.lab.bench.RandomCheckpoint;
import dev.vmoe.lab.bench.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Writes and imports checkpoints in a process of its own, under a limit on its memory. */
final class ImportProcess {

  /** About 60 MB of weights, most of them experts. */
  static final VmoeArchitecture SMALL =
      Architectures.of(
          64, 16, 256, 1024, 4, 4, List.of(1, 3), 12, 10, VmoeArchitecture.Classifier.TOKEN, 0);

  /** H/14 with four experts instead of 32: 3.3 GB of weights. */
  static final VmoeArchitecture LARGE =
      Architectures.of(
          224,
          14,
          1280,
          5120,
          16,
          32,
          Variant.H14_LAST_5.architecture().moeBlocks(),
          4,
          1000,
          VmoeArchitecture.Classifier.TOKEN,
          0);

  /**
   * What a process did.
   *
   * @param output all it printed
   */
  record Outcome(int exitCode, String output) {
    /** Returns a number that it printed as {@code name=number}. */
    long number(String name) {
      Matcher matcher = Pattern.compile(name + "=(\\d+)").matcher(output);
      if (!matcher.find()) {
        throw new AssertionError("no " + name + " in: " + output);
      }
      return Long.parseLong(matcher.group(1));
    }
  }

  private ImportProcess() {}

  /** Runs this class with a limit on its heap; buffers outside it may have 16 MiB. */
  static Outcome run(long heapBytes, Path folder, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heapBytes,
                "-XX:MaxDirectMemorySize=16m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                ImportProcess.class.getName()));
    command.addAll(List.of(arguments));
    Path output = Files.createTempFile(folder, "process", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(20, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("still running: " + command);
    }
    return new Outcome(process.exitValue(), Files.readString(output));
  }

  /**
   * {@code state PREFIX small|VARIANT}, {@code import PREFIX FILE}, {@code random FILE
   * small|large}.
   */
  public static void main(String[] arguments) throws IOException {
    Path path = Path.of(arguments[1]);
    String what = arguments[2];
    try {
      switch (arguments[0]) {
        case "state" -> writeState(path, what);
        case "import" ->
            ModelImport.write(CheckpointReader.read(path), ImportOptions.named("m"), Path.of(what));
        case "random" ->
            ModelImport.write(
                RandomCheckpoint.of(architecture(what), 7), ImportOptions.named("m"), path);
        default -> throw new IllegalArgumentException(arguments[0]);
      }
    } catch (CheckpointException e) {
      System.out.println("refused: " + e.getMessage());
    }
    System.out.println("peak_rss_kib=" + of("status", "VmHWM:\\s*(\\d+) kB"));
    System.out.println("read_bytes=" + of("io", "rchar: (\\d+)"));
  }

  private static VmoeArchitecture architecture(String label) {
    return switch (label) {
      case "small" -> SMALL;
      case "large" -> LARGE;
      default -> Variant.ofLabel(label).architecture();
    };
  }

  /** Writes a train state: step, parameters, and twice as much of an optimiser. */
  private static void writeState(Path prefix, String label) throws IOException {
    ParameterTree parameters = RandomCheckpoint.of(architecture(label), 7);
    Map<String, Tensor> state = new HashMap<>();
    state.put("step", Tensor.of(new float[] {1000}));
    long bytes = 0;
    for (String leaf : parameters.paths()) {
      Tensor tensor = parameters.get(leaf);
      bytes += (long) Float.BYTES * tensor.size();
      for (String root : List.of("params/", "opt_state/0/mu/", "opt_state/0/nu/")) {
        state.put(root + leaf, tensor);
      }
    }
    CheckpointWriter.write(prefix, new ParameterTree(state), Dtype.FLOAT32, 4);
    System.out.println("model_bytes=" + bytes);
  }

  /** Returns a number that Linux tells of this process. */
  private static String of(String file, String pattern) throws IOException {
    Matcher matcher =
        Pattern.compile(pattern).matcher(Files.readString(Path.of("/proc/self", file), UTF_8));
    return matcher.find() ? matcher.group(1) : "";
  }
}

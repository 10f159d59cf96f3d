package dev.vmoe.inference;

import dev.vmoe.model.ImportOptions;
import dev.vmoe.model.ModelImport;
import dev.vmoe.model.RandomCheckpoint;
import dev.vmoe.model.Target;
import dev.vmoe.model.Variant;
import dev.vmoe.model.VmoeArchitecture;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Prints what an image costs at each ratio and K, and in the dense twin, as CSV: milliseconds of
 * one thread's CPU time, the smallest of several runs. Unlike time on the clock this can be read on
 * a machine that does other things beside.
 *
 * <p>Arguments: {@code demo} or the name of a {@link Variant}, target, batch sizes, runs of each.
 */
final class GraphCost {

  static final VmoeArchitecture DEMO =
      new VmoeArchitecture(
          28, 4, 96, 384, 3, 6, List.of(1, 3, 5), 8, 10, VmoeArchitecture.Classifier.TOKEN, 0);

  private static final double[] RATIOS = {4, 2, 1.05, 0.5, 0.25, 0.1, 0.05};
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private GraphCost() {}

  static VmoeArchitecture architecture(String model) {
    return model.equals("demo") ? DEMO : Variant.valueOf(model).architecture();
  }

  /** Opens a graph of random weights, whose files are gone afterwards. */
  static VmoeSession open(
      VmoeArchitecture architecture, Target target, int threads, boolean spinning)
      throws IOException {
    Path folder = Files.createTempDirectory("graph");
    Path file = folder.resolve("model.onnx");
    ModelImport.write(
        RandomCheckpoint.of(architecture, 1),
        ImportOptions.named("random").forTarget(target),
        file);
    VmoeSession session =
        VmoeSession.open(file, new SessionSettings(Device.CPU, threads, spinning, List.of(1)));
    try (var files = Files.list(folder)) {
      for (Path left : files.toList()) {
        Files.delete(left);
      }
    }
    Files.delete(folder);
    return session;
  }

  static ByteBuffer images(VmoeArchitecture architecture, int batch) {
    byte[] pixels = new byte[batch * architecture.imageSize() * architecture.imageSize() * 3];
    new Random(1).nextBytes(pixels);
    return ByteBuffer.allocateDirect(pixels.length).put(pixels).flip();
  }

  public static void main(String[] arguments) throws IOException {
    VmoeArchitecture architecture = architecture(arguments[0]);
    Target target = Target.valueOf(arguments[1]);
    int runs = Integer.parseInt(arguments[3]);
    System.out.println("model,target,batch,k,ratio,slots,cpu_ms_per_image");
    try (VmoeSession twin = open(architecture.denseTwin(), target, 1, false);
        VmoeSession vmoe = open(architecture, target, 1, false)) {
      for (String batchSize : arguments[2].split(",", -1)) {
        int batch = Integer.parseInt(batchSize);
        List<Cell> cells = new ArrayList<>();
        cells.add(new Cell(twin, new RoutingSettings(1, 1, Routing.BATCH_PRIORITY)));
        for (int k : new int[] {2, 1}) {
          for (double ratio : RATIOS) {
            cells.add(new Cell(vmoe, new RoutingSettings(ratio, k, Routing.BATCH_PRIORITY)));
          }
        }
        ByteBuffer images = images(architecture, batch);
        IntStream.range(0, runs).forEach(i -> cells.forEach(cell -> cell.run(images, batch)));
        cells.forEach(cell -> System.out.println(cell.row(arguments[0], target, batch)));
      }
    }
  }

  /** One setting of one graph; the settings take turns, so that all meet the same disturbance. */
  private static final class Cell {

    private final VmoeSession session;
    private final RoutingSettings settings;
    private long cheapest = Long.MAX_VALUE;
    private int slots;

    Cell(VmoeSession session, RoutingSettings settings) {
      this.session = session;
      this.settings = settings;
    }

    void run(ByteBuffer images, int batch) {
      long started = THREADS.getCurrentThreadCpuTime();
      slots = session.classify(images, batch, settings).slots();
      cheapest = Math.min(cheapest, THREADS.getCurrentThreadCpuTime() - started);
    }

    String row(String model, Target target, int batch) {
      double millis = cheapest / 1e6 / batch;
      return session.card().dense()
          ? String.format("%s dense twin,%s,%d,,,,%.3f", model, target, batch, millis)
          : String.format(
              "%s,%s,%d,%d,%s,%d,%.3f",
              model,
              target,
              batch,
              settings.expertsPerToken(),
              settings.capacityRatio(),
              slots,
              millis);
    }
  }
}

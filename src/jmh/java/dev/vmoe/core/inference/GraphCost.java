package dev.vmoe.core.inference;

import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ModelImport;
import dev.vmoe.lab.bench.RandomCheckpoint;
import dev.vmoe.lab.bench.Variant;
import dev.vmoe.streams.models.ModelOpener;
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
 * a shared machine.
 *
 * <p>Arguments: {@value #DEMO}, the bundled model with its test images, or the name of a {@link
 * Variant} with random weights; target, batch sizes, runs of each.
 */
final class GraphCost {

  static final String DEMO = "demo";

  private static final Path BUNDLED =
      Path.of(System.getProperty("vmoe.home", "."), "src/models/characters");

  private static final double[] RATIOS = {4, 2, 1.05, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05};
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private GraphCost() {}

  /** Opens a model or its dense twin; its file is gone afterwards. */
  static VmoeSession open(String model, boolean twin, Target target, int threads, boolean spinning)
      throws IOException {
    Path folder = Files.createTempDirectory("graph");
    Path file = folder.resolve("model.onnx");
    ModelImport.write(
        checkpoint(model, twin), ImportOptions.named("measured"), Form.of(target), file);
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

  private static ParameterTree checkpoint(String model, boolean twin) throws IOException {
    if (model.equals(DEMO)) {
      return CheckpointReader.read(
          BUNDLED.resolve(twin ? "dense/checkpoint" : "vmoe-bpr/checkpoint"));
    }
    VmoeArchitecture architecture = Variant.valueOf(model).architecture();
    return RandomCheckpoint.of(twin ? RandomCheckpoint.denseTwin(architecture) : architecture, 1);
  }

  /** Returns a batch: test images for the demo, noise for random weights. */
  static ByteBuffer images(String model, VmoeSession session, int batch) throws IOException {
    int size = session.card().imageSize();
    ByteBuffer images = ByteBuffer.allocateDirect(batch * size * size * 3);
    if (model.equals(DEMO)) {
      ImageDecoder decoder = ModelOpener.decoder(session.card());
      List<LabelledImage> set = BundledImages.all();
      for (int place = 0; place < batch; place++) {
        try {
          decoder.decode(set.get(place).encoded(), images, place);
        } catch (BadImageException e) {
          throw new IOException(e);
        }
      }
    } else {
      byte[] pixels = new byte[images.capacity()];
      new Random(1).nextBytes(pixels);
      images.put(pixels).flip();
    }
    return images;
  }

  public static void main(String[] arguments) throws IOException {
    String model = arguments[0];
    Target target = Target.valueOf(arguments[1]);
    int runs = Integer.parseInt(arguments[3]);
    System.out.println("model,target,batch,k,ratio,slots,cpu_ms_per_image");
    try (VmoeSession twin = open(model, true, target, 1, false);
        VmoeSession vmoe = open(model, false, target, 1, false)) {
      for (String batchSize : arguments[2].split(",", -1)) {
        int batch = Integer.parseInt(batchSize);
        List<Cell> cells = new ArrayList<>();
        cells.add(new Cell(twin, new RoutingSettings(1, 1, Routing.BATCH_PRIORITY)));
        for (int k : new int[] {2, 1}) {
          for (double ratio : RATIOS) {
            cells.add(new Cell(vmoe, new RoutingSettings(ratio, k, Routing.BATCH_PRIORITY)));
          }
        }
        ByteBuffer images = images(model, vmoe, batch);
        IntStream.range(0, runs).forEach(i -> cells.forEach(cell -> cell.run(images, batch)));
        cells.forEach(cell -> System.out.println(cell.row(model, target, batch)));
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

package dev.vmoe.core.inference;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.vmoe.core.onnx.ElementType;
import dev.vmoe.core.onnx.Extent;
import dev.vmoe.core.onnx.GraphBuilder;
import dev.vmoe.core.onnx.OnnxModel;
import dev.vmoe.core.onnx.Value;
import dev.vmoe.core.tensor.Tensor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Prints what the experts of one layer cost when all have one width, and when half of them have
 * half of it and half three halves, as CSV: milliseconds of one thread's CPU time, the smallest and
 * the median of several runs in turn. Every expert gets as many rows, so all but {@code padded}
 * compute as many products.
 *
 * <p>Arguments: D, H, E (even), rows of an expert, runs.
 */
final class ExpertWidths {

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private ExpertWidths() {}

  public static void main(String[] arguments) throws IOException, OrtException {
    int[] numbers = Arrays.stream(arguments).mapToInt(Integer::parseInt).toArray();
    int d = numbers[0];
    int h = numbers[1];
    int e = numbers[2];
    List<Integer> even = Collections.nCopies(e, h);
    List<Integer> uneven = new ArrayList<>(Collections.nCopies(e / 2, h / 2));
    uneven.addAll(Collections.nCopies(e / 2, h + h / 2));
    List<Form> forms =
        List.of(
            new Form("batched", even, e, d, numbers[3]),
            new Form("batched in two", uneven, e / 2, d, numbers[3]),
            new Form("padded", Collections.nCopies(e, h + h / 2), e, d, numbers[3]),
            new Form("apart", even, 1, d, numbers[3]),
            new Form("apart of two widths", uneven, 1, d, numbers[3]));
    for (int run = 0; run < numbers[4]; run++) {
      for (Form form : forms) {
        form.run();
      }
    }
    System.out.println("form,d,h,experts,rows_per_expert,cpu_ms,median_cpu_ms");
    for (Form form : forms) {
      Collections.sort(form.nanos);
      System.out.printf(
          "%s,%d,%d,%d,%d,%.3f,%.3f%n",
          form.name,
          d,
          h,
          e,
          numbers[3],
          form.nanos.get(0) / 1e6,
          form.nanos.get(form.nanos.size() / 2) / 1e6);
    }
  }

  /** The experts of a layer, so many together in each batched product. */
  private static final class Form {

    private final String name;
    private final List<Long> nanos = new ArrayList<>();
    private final OrtSession session;
    private final OnnxTensor rows; // (E, C, D)

    Form(String name, List<Integer> widths, int together, int d, int c)
        throws IOException, OrtException {
      this.name = name;
      int e = widths.size();
      GraphBuilder graph = new GraphBuilder("experts");
      Value input =
          graph.input("rows", ElementType.FLOAT, Extent.of(e), Extent.of(c), Extent.of(d));
      List<Value> outputs = new ArrayList<>();
      List<Value> parts = together == e ? List.of(input) : input.split(0, e / together);
      for (int i = 0; i < parts.size(); i++) {
        int h = widths.get(i * together);
        Value part = together == 1 ? parts.get(i).squeeze(0) : parts.get(i);
        Value hidden = part.matMul(weight(graph, together, d, h)).geluTanh(weight(graph, 1, h));
        outputs.add(hidden.matMul(weight(graph, together, h, d)).plus(weight(graph, 1, d)));
      }
      graph.output(
          "outputs",
          graph.concat(0, outputs).reshape(-1, d),
          ElementType.FLOAT,
          Extent.of(e * c),
          Extent.of(d));
      Path file = Files.createTempFile("experts", ".onnx");
      new OnnxModel(graph, Map.of()).write(file);
      OrtEnvironment environment = OrtRuntime.environment();
      SessionSettings oneThread = new SessionSettings(Device.CPU, 1, false, List.of());
      session =
          environment.createSession(file.toString(), OrtRuntime.options(Device.CPU, oneThread));
      Files.delete(file);
      rows =
          OnnxTensor.createTensor(
              environment, FloatBuffer.wrap(random(e * c * d)), new long[] {e, c, d});
    }

    /** Returns (shape), or of more than one expert (experts, shape). */
    private static Value weight(GraphBuilder graph, int experts, int... shape) {
      int size = experts * Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      int[] stacked = new int[shape.length + 1];
      stacked[0] = experts;
      System.arraycopy(shape, 0, stacked, 1, shape.length);
      return graph.constant("weight", Tensor.of(random(size), experts == 1 ? shape : stacked));
    }

    private static float[] random(int size) {
      float[] values = new float[size];
      Random random = new Random(size);
      for (int i = 0; i < size; i++) {
        values[i] = (random.nextFloat() - .5f) / 4;
      }
      return values;
    }

    void run() throws OrtException {
      long started = THREADS.getCurrentThreadCpuTime();
      session.run(Map.of("rows", rows)).close();
      nanos.add(THREADS.getCurrentThreadCpuTime() - started);
    }
  }
}

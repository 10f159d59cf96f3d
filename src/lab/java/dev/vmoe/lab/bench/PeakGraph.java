package dev.vmoe.lab.bench;

import dev.vmoe.onnx.ElementType;
import dev.vmoe.onnx.Extent;
import dev.vmoe.onnx.GraphBuilder;
import dev.vmoe.onnx.OnnxModel;
import dev.vmoe.onnx.Value;
import dev.vmoe.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;

/**
 * Nothing but large matrix products, one after the other: what a machine can reach at most, in the
 * library and the form that the model's own products have.
 */
public final class PeakGraph {

  /** Rows and columns of each matrix. */
  public static final int SIZE = 2048;

  /** Products in a row: enough that bringing the first rows and fetching the last is nothing. */
  public static final int PRODUCTS = 2;

  private PeakGraph() {}

  /** Returns floating-point operations of one run. */
  public static double flops() {
    return 2.0 * PRODUCTS * SIZE * SIZE * SIZE;
  }

  /** Writes the graph: rows (SIZE, SIZE) float in, products (SIZE, SIZE) float out. */
  public static void write(Path file, long seed) throws IOException {
    GraphBuilder graph = new GraphBuilder("peak");
    Extent size = Extent.of(SIZE);
    Value rows = graph.input("rows", ElementType.FLOAT, size, size);
    Random random = new Random(seed);
    for (int i = 0; i < PRODUCTS; i++) {
      float[] kernel = new float[SIZE * SIZE];
      float halfWidth = (float) Math.sqrt(3.0 / SIZE); // keeps the size of what goes through
      for (int j = 0; j < kernel.length; j++) {
        kernel[j] = halfWidth * (2 * random.nextFloat() - 1);
      }
      rows = rows.matMul(graph.constant("kernel", Tensor.takeOver(kernel, SIZE, SIZE)));
    }
    graph.output("products", rows, ElementType.FLOAT, size, size);
    new OnnxModel(graph, Map.of()).write(file);
  }
}

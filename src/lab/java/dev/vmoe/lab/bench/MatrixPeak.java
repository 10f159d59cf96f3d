package dev.vmoe.lab.bench;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.inference.OrtRuntime;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.onnx.Extent;
import dev.vmoe.core.onnx.GraphBuilder;
import dev.vmoe.core.onnx.OnnxModel;
import dev.vmoe.core.onnx.Value;
import dev.vmoe.core.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Nothing but large matrix products, one after the other, on the device and with the threads that a
 * model has: what a machine can reach in the library and the form of the model's own products.
 *
 * <p>The graph: {@code rows} (SIZE, SIZE) float in, {@code products} (SIZE, SIZE) float out.
 */
public final class MatrixPeak implements AutoCloseable {

  /** Rows and columns of each matrix. */
  private static final int SIZE = 2048;

  /** Products in a row: enough to make the transfer of the first and last rows negligible. */
  private static final int PRODUCTS = 2;

  private final OrtSession session;
  private final OnnxTensor rows;

  private MatrixPeak(OrtSession session, OnnxTensor rows) {
    this.session = session;
    this.rows = rows;
  }

  /** Returns floating-point operations of one run. */
  public static double flops() {
    return 2.0 * PRODUCTS * SIZE * SIZE * SIZE;
  }

  /**
   * Writes the graph and opens it.
   *
   * @param file where the graph is written
   * @throws InferenceException if it cannot be opened on this device
   */
  public static MatrixPeak open(Path file, long seed, SessionSettings settings) throws IOException {
    Random random = new Random(seed);
    write(file, random);
    OrtEnvironment environment = OrtRuntime.environment();
    try (OrtSession.SessionOptions options = OrtRuntime.options(settings.device(), settings)) {
      FloatBuffer values =
          ByteBuffer.allocateDirect(4 * SIZE * SIZE).order(ByteOrder.nativeOrder()).asFloatBuffer();
      values.put(uniform(random, 1));
      OnnxTensor rows =
          OnnxTensor.createTensor(environment, values.flip(), new long[] {SIZE, SIZE});
      return new MatrixPeak(environment.createSession(file.toString(), options), rows);
    } catch (OrtException e) {
      throw new InferenceException("cannot load " + file + ": " + e.getMessage(), e);
    }
  }

  private static void write(Path file, Random random) throws IOException {
    GraphBuilder graph = new GraphBuilder("peak");
    Extent size = Extent.of(SIZE);
    Value rows = graph.input("rows", DataType.FLOAT, size, size);
    for (int i = 0; i < PRODUCTS; i++) {
      float[] kernel = uniform(random, (float) Math.sqrt(3.0 / SIZE)); // keeps the values' size
      rows = rows.matMul(graph.constant("kernel", Tensor.takeOver(kernel, SIZE, SIZE)));
    }
    graph.output("products", rows, DataType.FLOAT, size, size);
    new OnnxModel(graph, Map.of()).write(file);
  }

  private static float[] uniform(Random random, float halfWidth) {
    float[] values = new float[SIZE * SIZE];
    for (int i = 0; i < values.length; i++) {
      values[i] = halfWidth * (2 * random.nextFloat() - 1);
    }
    return values;
  }

  /** Computes the products once. */
  public void run() {
    try {
      session.run(Map.of("rows", rows), Set.of("products")).close();
    } catch (OrtException e) {
      throw new InferenceException("the products failed", e);
    }
  }

  @Override
  public void close() {
    try {
      rows.close();
      session.close();
    } catch (OrtException e) {
      throw new InferenceException("cannot close the session of the products", e);
    }
  }
}

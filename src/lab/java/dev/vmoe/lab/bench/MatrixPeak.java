package dev.vmoe.lab.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.vmoe.inference.InferenceException;
import dev.vmoe.inference.OrtRuntime;
import dev.vmoe.inference.SessionSettings;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A graph of nothing but large products, open on the device and with the threads that a model has:
 * {@code rows} (n, n) float in, {@code products} (n, n) float out.
 */
public final class MatrixPeak implements AutoCloseable {

  private final OrtSession session;
  private final OnnxTensor rows;

  private MatrixPeak(OrtSession session, OnnxTensor rows) {
    this.session = session;
    this.rows = rows;
  }

  /**
   * Opens the graph.
   *
   * @param size n
   * @throws InferenceException if it cannot be opened on this device
   */
  public static MatrixPeak open(Path file, int size, SessionSettings settings) {
    OrtEnvironment environment = OrtRuntime.environment();
    try (OrtSession.SessionOptions options = OrtRuntime.options(settings.device(), settings)) {
      FloatBuffer values =
          ByteBuffer.allocateDirect(4 * size * size).order(ByteOrder.nativeOrder()).asFloatBuffer();
      Random random = new Random(1);
      while (values.hasRemaining()) {
        values.put(2 * random.nextFloat() - 1);
      }
      OnnxTensor rows =
          OnnxTensor.createTensor(environment, values.flip(), new long[] {size, size});
      return new MatrixPeak(environment.createSession(file.toString(), options), rows);
    } catch (OrtException e) {
      throw new InferenceException("cannot load " + file + ": " + e.getMessage(), e);
    }
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

package dev.vmoe.core.model;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.vmoe.core.moe.GraphInput;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.onnx.OnnxModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** A graph, open on the CPU, that gives every output as a flat array. */
public final class GraphRun implements AutoCloseable {

  private static final OrtEnvironment ENVIRONMENT =
      OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);

  private final OrtSession session;

  private GraphRun(OrtSession session) {
    this.session = session;
  }

  public static GraphRun of(OnnxModel model) {
    try {
      Path file = Files.createTempFile("graph", ".onnx");
      try {
        model.write(file);
        return of(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static GraphRun of(Path file) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      return new GraphRun(ENVIRONMENT.createSession(file.toString(), options));
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  public static GraphRun of(Path file, OrtSession.SessionOptions options) throws OrtException {
    return new GraphRun(ENVIRONMENT.createSession(file.toString(), options));
  }

  public OrtSession session() {
    return session;
  }

  /** The inputs of one run. */
  public static final class Inputs {

    private final Map<String, OnnxTensor> tensors = new HashMap<>();

    public Inputs images(byte[] images, int numImages, int imageSize) {
      ByteBuffer direct = ByteBuffer.allocateDirect(images.length).put(images).flip();
      return add(
          GraphInput.IMAGES.label(),
          () ->
              OnnxTensor.createTensor(
                  ENVIRONMENT,
                  direct,
                  new long[] {numImages, imageSize, imageSize, 3},
                  OnnxJavaType.UINT8));
    }

    public Inputs floats(String name, float[] values, long... shape) {
      return add(name, () -> OnnxTensor.createTensor(ENVIRONMENT, FloatBuffer.wrap(values), shape));
    }

    public Inputs routing(int slots, int expertsPerToken, Routing routing, float[] imagePriority) {
      add(
          GraphInput.CAPACITY.label(),
          () -> OnnxTensor.createTensor(ENVIRONMENT, new long[] {slots}));
      add(
          GraphInput.EXPERTS_PER_TOKEN.label(),
          () -> OnnxTensor.createTensor(ENVIRONMENT, new long[] {expertsPerToken}));
      add(
          GraphInput.BATCH_PRIORITY.label(),
          () ->
              OnnxTensor.createTensor(
                  ENVIRONMENT, new boolean[] {routing == Routing.BATCH_PRIORITY}));
      return floats(GraphInput.IMAGE_PRIORITY.label(), imagePriority, imagePriority.length);
    }

    private Inputs add(String name, Source source) {
      try {
        tensors.put(name, source.create());
        return this;
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
    }

    private interface Source {
      OnnxTensor create() throws OrtException;
    }
  }

  /** The outputs of one run, in C order. */
  public record Outputs(Map<String, Object> arrays) {

    public float[] floats(GraphOutput output) {
      return floats(output.label());
    }

    public float[] floats(String name) {
      return (float[]) get(name);
    }

    public int[] ints(GraphOutput output) {
      return (int[]) get(output.label());
    }

    public byte[] bytes(GraphOutput output) {
      return (byte[]) get(output.label());
    }

    private Object get(String name) {
      return Objects.requireNonNull(arrays.get(name), name);
    }
  }

  public Outputs run(Inputs inputs) {
    try (OrtSession.Result result = session.run(inputs.tensors)) {
      Map<String, Object> arrays = new HashMap<>();
      result.forEach(
          entry -> {
            OnnxTensor tensor = (OnnxTensor) entry.getValue();
            arrays.put(
                entry.getKey(),
                switch (tensor.getInfo().type) {
                  case FLOAT -> tensor.getFloatBuffer().array();
                  case INT32 -> tensor.getIntBuffer().array();
                  default -> tensor.getByteBuffer().array();
                });
          });
      return new Outputs(arrays);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    } finally {
      inputs.tensors.values().forEach(OnnxTensor::close);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}

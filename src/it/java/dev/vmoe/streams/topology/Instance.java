package dev.vmoe.streams.topology;

import dev.vmoe.ChildCommand;
import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** An instance of the pipeline in a JVM of its own, so that it can be killed. */
final class Instance implements AutoCloseable {

  /** Name of a property: an image of this grey ends the process that decodes it. */
  static final String DEADLY_GREY = "deadly.grey";

  /** How such a process ends, as if the kernel had killed it. */
  static final int KILLED = 137;

  private static final Duration RUN_TIME = Duration.ofMillis(5);

  private final Process process;

  private Instance(Process process) {
    this.process = process;
  }

  /** Starts an instance with these properties. */
  static Instance start(Map<String, Object> properties) throws IOException {
    Instance instance = hold(properties);
    instance.go();
    return instance;
  }

  /** Starts a JVM that waits to be told to go. */
  static Instance hold(Map<String, Object> properties) throws IOException {
    List<String> command = ChildCommand.of(Instance.class, "-Xmx256m");
    properties.forEach((key, value) -> command.add(key + "=" + value));
    return new Instance(
        new ProcessBuilder(command)
            .redirectOutput(Redirect.INHERIT)
            .redirectError(Redirect.INHERIT)
            .start());
  }

  /** Lets a held instance start its pipeline. */
  void go() throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
  }

  /** Returns whether the process has ended by itself, as one killed by the kernel does. */
  boolean died() {
    if (process.isAlive()) {
      return false;
    }
    if (process.exitValue() != KILLED) {
      throw new AssertionError("the instance ended with " + process.exitValue());
    }
    return true;
  }

  /** Kills the process as {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /** Ends the process at images of one grey, as a crash in native code does. */
  private record DeadlyDecoder(FakeDecoder inner, int deadly) implements ImageDecoder {
    @Override
    public void decode(byte[] encoded, ByteBuffer images, int slot) throws BadImageException {
      if (encoded[0] == deadly) {
        Runtime.getRuntime().halt(KILLED);
      }
      inner.decode(encoded, images, slot);
    }
  }

  /** Returns a model of the name that the settings have for it, if they have one. */
  private static FakeClassifier classifier(String model) {
    return model.equals("none")
        ? new FakeClassifier(RUN_TIME).withParallelRuns(2)
        : new FakeClassifier(RUN_TIME, model).withParallelRuns(2);
  }

  /** Tells the process to stop, as a supervisor does; returns how long it took. */
  Duration stop() throws InterruptedException {
    long askedNanos = System.nanoTime();
    process.destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("the instance did not stop");
    }
    return Duration.ofNanos(System.nanoTime() - askedNanos);
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }

  /** Runs the pipeline until it is stopped or killed. */
  public static void main(String[] args) throws InterruptedException, IOException {
    Map<String, String> properties = new HashMap<>();
    for (String arg : args) {
      properties.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
    }
    if (System.in.read() < 0) {
      return; // whoever held this one is gone
    }
    String deadly = properties.remove(DEADLY_GREY);
    FakeDecoder harmless = new FakeDecoder(8 * 8 * 3);
    ImageDecoder decoder =
        deadly == null ? harmless : new DeadlyDecoder(harmless, Integer.parseInt(deadly));
    try (FakeClassifier classifier = classifier(properties.get(Settings.MODEL));
        Pipeline pipeline = Pipeline.start(new Settings(properties), classifier, decoder)) {
      Runtime.getRuntime().addShutdownHook(new Thread(pipeline::close, "close"));
      pipeline.awaitStopped();
    }
  }
}

package dev.vmoe.streams;

import dev.vmoe.image.FakeDecoder;
import dev.vmoe.inference.FakeClassifier;
import dev.vmoe.instance.Pipeline;
import dev.vmoe.settings.Settings;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** An instance of the pipeline in a JVM of its own, so that it can be killed. */
final class Instance implements AutoCloseable {

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
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Instance.class.getName()));
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

  /** Kills the process as {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
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
    try (FakeClassifier classifier = classifier(properties.get(Settings.MODEL));
        Pipeline pipeline =
            Pipeline.start(new Settings(properties), classifier, new FakeDecoder(8 * 8 * 3))) {
      Runtime.getRuntime().addShutdownHook(new Thread(pipeline::close, "close"));
      pipeline.awaitStopped();
    }
  }
}

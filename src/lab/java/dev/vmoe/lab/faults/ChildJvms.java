package dev.vmoe.lab.faults;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;

/**
 * Starts JVMs with the class path of this one, and kills those that are left: when it is closed, or
 * when this JVM ends.
 */
final class ChildJvms implements AutoCloseable {

  /** The options of this JVM by which the launcher makes one start fast. */
  private static final List<String> LAUNCHER_OPTIONS =
      ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
          .filter(
              argument ->
                  Stream.of(
                          "-XX:SharedArchiveFile=",
                          "-Xlog:cds",
                          "-Djava.library.path=",
                          "-Donnxruntime.native.path=",
                          "-Dorg.xerial.snappy.lib.path=")
                      .anyMatch(argument::startsWith))
          .toList();

  private final Path folder;
  private final Queue<Process> started = new ConcurrentLinkedQueue<>();
  private boolean ended;

  private final Thread atExit = new Thread(this::killAll, "child-jvms-exit");

  /**
   * Starts none yet.
   *
   * @param folder where their logs go
   */
  ChildJvms(Path folder) {
    this.folder = folder;
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Starts a JVM with a small heap.
   *
   * @param name of its log
   * @param heapMebibytes of heap
   * @param mainClass name of the class with {@code main}
   */
  ChildJvm start(String name, int heapMebibytes, String mainClass, List<String> arguments) {
    return start(List.of(), name, heapMebibytes, mainClass, arguments);
  }

  /**
   * Starts a JVM as above, by a command that ends in becoming another.
   *
   * @param prefix the command; empty for none
   */
  synchronized ChildJvm start(
      List<String> prefix,
      String name,
      int heapMebibytes,
      String mainClass,
      List<String> arguments) {
    if (ended) {
      throw new IllegalStateException("no process is started any more");
    }
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx" + heapMebibytes + "m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", // processors are few, and processes many
            "-XX:+ExitOnOutOfMemoryError",
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
            "-Dvmoe.home=" + System.getProperty("vmoe.home", "."),
            "-Dlogback.configurationFile=logback.xml"));
    command.addAll(LAUNCHER_OPTIONS);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
    command.addAll(arguments);
    Path log = folder.resolve(name + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(Redirect.from(new File("/dev/null")))
            .redirectOutput(log.toFile());
    builder.environment().keySet().removeIf(variable -> variable.startsWith("VMOE_"));
    builder.environment().put("MALLOC_ARENA_MAX", "2");
    builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
    builder.environment().put("OPENBLAS_NUM_THREADS", "1");
    builder.environment().put("OPENCV_LOG_LEVEL", "SILENT");
    try {
      Process process = builder.start();
      started.removeIf(earlier -> !earlier.isAlive());
      started.add(process);
      return new ChildJvm(process, log);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + name, e);
    }
  }

  private synchronized void killAll() {
    ended = true;
    started.forEach(Process::destroyForcibly);
  }

  @Override
  public void close() {
    killAll();
    try {
      for (Process process : started) {
        process.waitFor();
      }
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IllegalStateException e) {
      // the JVM is ending, and the hook does the same
    }
  }
}

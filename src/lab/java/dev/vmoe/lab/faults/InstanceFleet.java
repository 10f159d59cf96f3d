package dev.vmoe.lab.faults;

import dev.vmoe.streams.settings.DaemonThread;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Instances of the pipeline as processes, under a supervisor that starts again what has ended, as
 * Kubernetes would.
 *
 * <p>Safe for use by several threads; only one of them makes instances fail.
 */
final class InstanceFleet implements AutoCloseable {

  /** What an instance says when it runs. */
  private static final String RUNS = "running; ";

  /** As the launcher does in a container: a quarter of its memory. */
  private static final int HEAP_SHARE = 4;

  private static final int HEAP_MEBIBYTES = 256;
  private static final Duration STOP_LIMIT = Duration.ofSeconds(60);
  private static final Duration CHECK_EVERY = Duration.ofMillis(200);

  /** Between two starts of an instance that ended by itself. */
  private static final Duration AFTER_AN_EXIT = Duration.ofSeconds(2);

  private final ChildJvms jvms;
  private final Path folder;
  private final String mainClass;
  private final IntFunction<List<String>> prefix;
  private final int heapMebibytes;
  private final Map<String, String> settings;
  private final Consumer<String> progress;
  private final List<Slot> slots = new ArrayList<>();
  private final Map<Integer, Integer> exits = new TreeMap<>();
  private final List<Integer> stopCodes = new ArrayList<>();
  private final Thread supervisor;
  private double largestMebibytes;
  private volatile boolean closed;

  /** The place of an instance. */
  private static final class Slot {
    final int number;
    int starts;
    boolean wanted = true;
    long notBeforeNanos = System.nanoTime();
    @Nullable ChildJvm jvm;

    Slot(int number) {
      this.number = number;
    }
  }

  /**
   * Starts instances.
   *
   * @param folder for their state; each has a folder of its own
   * @param mainClass the class of the command {@code vmoe}
   * @param prefix of the command that starts an instance, by its number; empty for none
   * @param memoryMebibytes of an instance; 0 if that is not bounded
   * @param settings of {@code vmoe run}
   * @param progress takes lines for people
   */
  InstanceFleet(
      ChildJvms jvms,
      Path folder,
      String mainClass,
      IntFunction<List<String>> prefix,
      int memoryMebibytes,
      Map<String, String> settings,
      int instances,
      Consumer<String> progress) {
    this.jvms = jvms;
    this.folder = folder;
    this.mainClass = mainClass;
    this.prefix = prefix;
    this.heapMebibytes = memoryMebibytes == 0 ? HEAP_MEBIBYTES : memoryMebibytes / HEAP_SHARE;
    this.settings = Map.copyOf(settings);
    this.progress = progress;
    grow(instances);
    supervisor = DaemonThread.start(this::supervise, "supervisor");
  }

  private void supervise() {
    try {
      while (!closed) {
        startWhatIsMissing();
        Thread.sleep(CHECK_EVERY.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void startWhatIsMissing() {
    for (Slot slot : slots) {
      ChildJvm jvm = slot.jvm;
      if (jvm != null && jvm.isAlive()) {
        jvm.residentMebibytes()
            .ifPresent(mebibytes -> largestMebibytes = Math.max(largestMebibytes, mebibytes));
        continue;
      }
      if (jvm != null) {
        int code = jvm.exitCode().orElse(0); // nobody asked: kills and stops forget the JVM
        exits.merge(code, 1, Integer::sum);
        progress.accept(
            "instance %d ended by itself with code %d, see %s"
                .formatted(slot.number, code, jvm.log()));
        slot.jvm = null;
        slot.notBeforeNanos = System.nanoTime() + AFTER_AN_EXIT.toNanos();
      }
      if (!closed && slot.wanted && System.nanoTime() - slot.notBeforeNanos >= 0) {
        start(slot);
      }
    }
  }

  private void start(Slot slot) {
    slot.starts++;
    List<String> arguments = new ArrayList<>(List.of("run"));
    settings.forEach((key, value) -> arguments.add("--set=" + key + "=" + value));
    Path state = folder.resolve("state-" + slot.number);
    try {
      Files.createDirectories(state);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + state, e);
    }
    arguments.add("--set=streams.state.dir=" + state);
    arguments.add("--set=streams.client.id=" + clientId(slot.number));
    slot.jvm =
        jvms.start(
            prefix.apply(slot.number),
            "instance-%d-%03d".formatted(slot.number, slot.starts),
            heapMebibytes,
            mainClass,
            arguments);
  }

  /** Returns the client id of an instance, by which its group knows it. */
  static String clientId(int number) {
    return "instance-" + number;
  }

  /** Returns the numbers of the instances that are to run, from 0. */
  synchronized List<Integer> wanted() {
    return slots.stream().filter(slot -> slot.wanted).map(slot -> slot.number).toList();
  }

  /** Kills an instance; it is started again after a while. */
  synchronized void kill(int number, Duration startAgainAfter) throws InterruptedException {
    Slot slot = slots.get(number);
    ChildJvm victim = slot.jvm;
    slot.jvm = null;
    slot.notBeforeNanos = System.nanoTime() + startAgainAfter.toNanos();
    if (victim != null) {
      victim.kill();
    }
  }

  /** Tells an instance to stop and waits for its end; it is started again at once if wanted. */
  void stop(int number) throws InterruptedException {
    ChildJvm told;
    synchronized (this) {
      told = slots.get(number).jvm;
      slots.get(number).jvm = null;
      slots.get(number).notBeforeNanos = System.nanoTime() + STOP_LIMIT.toNanos();
    }
    if (told != null && told.isAlive()) {
      boolean ended = told.stop(STOP_LIMIT);
      if (!ended) {
        told.kill();
      }
      synchronized (this) {
        stopCodes.add(ended ? told.exitCode().orElse(0) : -1);
      }
    }
    synchronized (this) {
      slots.get(number).notBeforeNanos = System.nanoTime();
    }
  }

  /** Stops a process where it is. */
  void freeze(int number) throws InterruptedException {
    ChildJvm jvm = jvm(number);
    if (jvm != null) {
      jvm.freeze();
    }
  }

  /** Lets a process go on. */
  void resume(int number) throws InterruptedException {
    ChildJvm jvm = jvm(number);
    if (jvm != null) {
      jvm.resume();
    }
  }

  private synchronized @Nullable ChildJvm jvm(int number) {
    return slots.get(number).jvm;
  }

  /** Waits until an instance runs; returns whether it does within the limit. */
  boolean awaitRunning(int number, Duration limit) throws InterruptedException {
    long endNanos = System.nanoTime() + limit.toNanos();
    while (System.nanoTime() - endNanos < 0) {
      ChildJvm jvm = jvm(number);
      if (jvm != null && jvm.isAlive() && jvm.said(RUNS) > 0) {
        return true;
      }
      Thread.sleep(CHECK_EVERY.toMillis());
    }
    return false;
  }

  /** Returns the lines with this text that an instance has written since it was started. */
  long said(int number, String text) {
    ChildJvm jvm = jvm(number);
    return jvm == null ? 0 : jvm.said(text);
  }

  /** Lets the supervisor start instances until there are so many. Stops none. */
  private synchronized void grow(int instances) {
    while (slots.size() < instances) {
      slots.add(new Slot(slots.size()));
    }
    slots.subList(0, instances).forEach(slot -> slot.wanted = true);
  }

  /** Starts instances, or stops the last ones, until there are so many. */
  void scale(int instances) throws InterruptedException {
    grow(instances);
    List<Integer> tooMany;
    synchronized (this) {
      List<Slot> last = slots.subList(instances, slots.size());
      last.forEach(slot -> slot.wanted = false);
      tooMany = last.stream().map(slot -> slot.number).toList();
    }
    for (int number : tooMany) {
      stop(number);
    }
  }

  /** Returns how often instances ended without being told to, by exit code. */
  synchronized Map<Integer, Integer> exits() {
    return new TreeMap<>(exits);
  }

  /** Returns the exit codes after SIGTERM; -1 where there was no end within a minute. */
  synchronized List<Integer> stopCodes() {
    return List.copyOf(stopCodes);
  }

  /** Returns the resident memory of the instances now, in mebibytes. */
  synchronized List<Double> mebibytes() {
    List<Double> all = new ArrayList<>();
    for (Slot slot : slots) {
      if (slot.jvm != null) {
        slot.jvm.residentMebibytes().ifPresent(all::add);
      }
    }
    return all;
  }

  /** Returns the largest resident memory of any instance at any time, in mebibytes. */
  synchronized double largestMebibytes() {
    return largestMebibytes;
  }

  /** Ends the supervision; the processes are killed with {@link ChildJvms}. */
  @Override
  public void close() {
    closed = true;
    supervisor.interrupt();
  }
}

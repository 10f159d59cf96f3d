package dev.vmoe.lab.overload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** When each image comes in, in seconds from the start of the trace, earliest first. */
public final class ArrivalTrace {

  /**
   * A part of a trace with one rate.
   *
   * @param seconds how long it lasts
   * @param perSecond mean images a second
   */
  public record Phase(double seconds, double perSecond) {

    /** Rejects a phase without a length or with a negative rate. */
    public Phase {
      if (!(seconds > 0) || !(perSecond >= 0) || Double.isInfinite(seconds * perSecond)) {
        throw new IllegalArgumentException(
            "a phase of " + seconds + " s with " + perSecond + " images a second");
      }
    }
  }

  /**
   * A stretch of time in which something else takes the machine's cores.
   *
   * @param fromSeconds when it begins, from the start of the trace
   * @param seconds how long it lasts
   */
  public record Slowdown(double fromSeconds, double seconds) {

    /** Returns when it ends, in seconds from the start of the trace. */
    public double untilSeconds() {
      return fromSeconds + seconds;
    }
  }

  private final String name;
  private final double[] seconds;
  private final @Nullable Slowdown slowdown;

  /**
   * Creates a trace.
   *
   * @param seconds when each image comes in
   * @throws IllegalArgumentException if there is none, one is negative, or they go back in time
   */
  public ArrivalTrace(String name, double[] seconds) {
    this(name, seconds, null);
  }

  private ArrivalTrace(String name, double[] seconds, @Nullable Slowdown slowdown) {
    if (seconds.length == 0) {
      throw new IllegalArgumentException("trace " + name + " has no arrivals");
    }
    double before = 0;
    for (int i = 0; i < seconds.length; i++) {
      if (!(seconds[i] >= before) || Double.isInfinite(seconds[i])) {
        throw new IllegalArgumentException(
            String.format(
                "trace %s: arrival %d at %s s, after one at %s s",
                name, i + 1, seconds[i], before));
      }
      before = seconds[i];
    }
    this.name = name;
    this.seconds = seconds.clone();
    this.slowdown = slowdown;
  }

  /** Returns the same arrivals at a machine that is slowed down meanwhile. */
  public ArrivalTrace slowedDown(Slowdown during) {
    return new ArrivalTrace(name, seconds, during);
  }

  /** Returns when the machine is slowed down; null if it is not. */
  public @Nullable Slowdown slowdown() {
    return slowdown;
  }

  /** Returns a Poisson process whose rate changes from phase to phase. */
  public static ArrivalTrace poisson(String name, List<Phase> phases, long seed) {
    Random random = new Random(seed);
    DoubleStream.Builder times = DoubleStream.builder();
    double start = 0;
    for (Phase phase : phases) {
      addPoisson(times, random, phase.perSecond(), start, start + phase.seconds());
      start += phase.seconds();
    }
    return new ArrivalTrace(name, times.build().toArray());
  }

  /** Returns the events of a Poisson process, in seconds; maybe there is none. */
  public static double[] poisson(double perSecond, double seconds, long seed) {
    DoubleStream.Builder times = DoubleStream.builder();
    addPoisson(times, new Random(seed), perSecond, 0, seconds);
    return times.build().toArray();
  }

  private static void addPoisson(
      DoubleStream.Builder times, Random random, double perSecond, double start, double end) {
    double time = start + exponential(random, perSecond);
    while (time < end) {
      times.add(time);
      time += exponential(random, perSecond);
    }
  }

  /** Returns the time to the next event of a Poisson process. */
  public static double exponential(Random random, double perSecond) {
    return -Math.log1p(-random.nextDouble()) / perSecond;
  }

  /**
   * Reads a trace of seconds, one a line and earliest first; empty lines and lines that begin with
   * {@code #} are skipped.
   *
   * @throws IOException if the file cannot be read, or a line is no such number, saying which
   */
  public static ArrivalTrace read(String name, Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    double[] times = new double[lines.size()];
    int count = 0;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      times[count] = second(line, count == 0 ? 0 : times[count - 1], file + " line " + (i + 1));
      count++;
    }
    if (count == 0) {
      throw new IOException(file + " holds no arrivals: seconds are expected, one a line");
    }
    return new ArrivalTrace(name, Arrays.copyOf(times, count));
  }

  private static double second(String text, double before, String where) throws IOException {
    double second;
    try {
      second = Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IOException(where + ": '" + text + "' is no number of seconds", e);
    }
    if (!(second >= 0) || Double.isInfinite(second)) {
      throw new IOException(where + ": " + text + " is no time from the start of a trace");
    }
    if (second < before) {
      throw new IOException(
          String.format("%s: %s comes after %s; sort the arrivals", where, text, before));
    }
    return second;
  }

  /** Returns the trace as {@link #read} takes it. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    for (double second : seconds) {
      text.append(second).append('\n');
    }
    return text.toString();
  }

  /** Returns the name. */
  public String name() {
    return name;
  }

  /** Returns how many images come in. */
  public int images() {
    return seconds.length;
  }

  /** Returns when an image comes in, in seconds. */
  public double seconds(int image) {
    return seconds[image];
  }

  /** Returns when the last image comes in, in seconds. */
  public double lastSeconds() {
    return seconds[seconds.length - 1];
  }
}

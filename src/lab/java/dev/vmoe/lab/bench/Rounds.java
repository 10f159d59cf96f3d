package dev.vmoe.lab.bench;

import dev.vmoe.lab.sweep.Statistics;
import dev.vmoe.streams.output.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Things measured in turn, round by round, so that all meet the same disturbance. The first round
 * warms up and is not kept.
 */
public final class Rounds {

  private final LongSupplier nanoClock;
  private final Map<String, Measure> things = new LinkedHashMap<>();
  private final Map<String, List<Double>> figures = new LinkedHashMap<>();
  private boolean rotating;
  private boolean warm;

  /** Measures a thing once. */
  @FunctionalInterface
  public interface Measure {

    /** Returns the figure, in whatever unit it has. */
    double measure() throws InterruptedException;
  }

  /** Starts without a thing to measure. */
  public Rounds() {
    this(System::nanoTime);
  }

  Rounds(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** Lets every round begin with the thing that was second in the round before. */
  public Rounds rotating() {
    rotating = true;
    return this;
  }

  /** Adds something to be measured once a round, after what was added before. */
  public void add(String name, Measure thing) {
    if (things.putIfAbsent(name, thing) != null) {
      throw new IllegalArgumentException("two things are named " + name);
    }
    figures.put(name, new ArrayList<>());
  }

  /** Adds something to be timed, in seconds. */
  public void addTimed(String name, Runnable thing) {
    add(
        name,
        () -> {
          long started = nanoClock.getAsLong();
          thing.run();
          return (nanoClock.getAsLong() - started) / 1e9;
        });
  }

  /** Keeps a figure that comes with a measurement of this round. */
  public void note(String name, double figure) {
    if (warm) {
      figures.computeIfAbsent(name, any -> new ArrayList<>()).add(figure);
    }
  }

  /**
   * Warms up once and measures.
   *
   * @param rounds rounds that are kept
   * @param what the name of the bar that shows how many measurements are done
   */
  public void run(int rounds, String what, Progress progress) throws InterruptedException {
    try (Progress.Bar bar = progress.bar(what, (rounds + 1L) * things.size())) {
      run(rounds, bar::at);
    }
  }

  /** Warms up once and measures; tells after each measurement how many are done. */
  void run(int rounds, LongConsumer done) throws InterruptedException {
    List<String> turns = new ArrayList<>(things.keySet());
    long measurements = 0;
    for (int round = 0; round <= rounds; round++) {
      warm = round > 0;
      for (String name : turns) {
        note(name, thing(things, name).measure());
        done.accept(++measurements);
      }
      if (rotating && warm) {
        Collections.rotate(turns, -1);
      }
    }
  }

  /** Returns the smallest figure of a thing: other processes can only lengthen a time. */
  public double fastest(String name) {
    return Arrays.stream(figures(name)).min().orElseThrow();
  }

  /** Returns the median figure of a thing; the mean of the middle two of an even number. */
  public double median(String name) {
    return Statistics.median(figures(name));
  }

  /** Returns (rounds) the figures of a thing. */
  public double[] figures(String name) {
    List<Double> kept = thing(figures, name);
    if (kept.isEmpty()) {
      throw new IllegalStateException(name + " was only warmed up: one more round");
    }
    return kept.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static <T> T thing(Map<String, T> all, String name) {
    T found = all.get(name);
    if (found == null) {
      throw new IllegalArgumentException("nothing is named " + name + ", only " + all.keySet());
    }
    return found;
  }
}

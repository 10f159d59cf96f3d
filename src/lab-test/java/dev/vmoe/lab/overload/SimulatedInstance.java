package dev.vmoe.lab.overload;

import dev.vmoe.core.batch.BatchLimits;
import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.capacity.RunTime;
import dev.vmoe.core.capacity.Sample;
import dev.vmoe.streams.topology.EarlyCommit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.DoublePredicate;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One instance in simulated time: images wait in a topic, a bounded number of them in the instance,
 * and are run in batches under a controller. Answers are seen at the next commit, which comes
 * {@linkplain EarlyCommit early} where little is in flight; the load is read at intervals.
 *
 * <p>Batches are closed by the {@link BatchLimits} of the micro-batcher; as many run at once as the
 * truth says, and the next one fills meanwhile. Settable before {@link #run}; times in seconds.
 */
public final class SimulatedInstance {

  private static final double NANOS = 1e9;

  /** What runs really take. */
  private final CostModel truth;

  private final int batchImages;
  double target = 1;
  double linger = 0.02;
  double commitInterval = 0.1;

  /** What a full batch costs beside its run; smaller ones in proportion. */
  double gap = 0.004;

  /** How long an answer is on its way to the commit. */
  double emission = 0.005;

  /** How long it is on its way from the commit to its reader. */
  double transport = 0;

  int inFlightImages = 512;
  double readEvery = 0.5;
  double readTakes = 0.01;
  double arrivalWindow = 1;

  /** Whether a reading at this time never comes. */
  DoublePredicate stalled = t -> false;

  /** By what a run that starts at this time takes longer than the truth says. */
  DoubleUnaryOperator slowness = t -> 1;

  /** Standard deviation of the logarithm of a run's time. */
  double noise = 0.1;

  /** Extra seconds of a run if less than half a batch waits behind it: its threads have slept. */
  double wake = 0;

  long seed = 1;

  /**
   * Creates an instance.
   *
   * @param truth what runs really take; learns nothing
   * @param batchImages images of a full batch
   */
  public SimulatedInstance(CostModel truth, int batchImages) {
    this.truth = truth;
    this.batchImages = batchImages;
  }

  /** Sets how long the oldest image of a batch waits for others; 0.02 at first. */
  public SimulatedInstance linger(double seconds) {
    linger = seconds;
    return this;
  }

  /** Sets the time between two commits, 0 for one right after each run; 0.1 at first. */
  public SimulatedInstance commitInterval(double seconds) {
    commitInterval = seconds;
    return this;
  }

  /** Sets what an image costs beside its run; 0.004 a full batch at first. */
  public SimulatedInstance gapPerImage(double seconds) {
    gap = seconds * batchImages;
    return this;
  }

  /**
   * Sets how long an answer is on its way.
   *
   * @param toCommit from the end of the run to the commit; 0.005 at first
   * @param toReader from the commit to its reader; 0 at first
   */
  public SimulatedInstance transport(double toCommit, double toReader) {
    emission = toCommit;
    transport = toReader;
    return this;
  }

  /** Sets how many images the instance takes in at most; 512 at first. */
  public SimulatedInstance inFlightImages(int images) {
    inFlightImages = images;
    return this;
  }

  /** Sets how often the backlog is read; 0.5 at first. */
  public SimulatedInstance readEvery(double seconds) {
    readEvery = seconds;
    return this;
  }

  /**
   * Sets how runs differ from the model of cost.
   *
   * @param deviation standard deviation of the logarithm of a run's time; 0.1 at first
   * @param rested extra seconds of a run if less than half a batch waits behind it; 0 at first
   */
  public SimulatedInstance noise(double deviation, double rested) {
    noise = deviation;
    wake = rested;
    return this;
  }

  /** Sets the seed of the noise; 1 at first. */
  public SimulatedInstance seed(long value) {
    seed = value;
    return this;
  }

  /**
   * Answers every image.
   *
   * @param sent when each image is sent, in seconds, ascending; at least one
   * @param controller chooses each batch's operating point
   */
  public SimulatedOutcome run(double[] sent, CapacityController controller) {
    Random random = new Random(seed);
    BatchLimits limits =
        new BatchLimits(batchImages, Long.MAX_VALUE, Duration.ofNanos(nanos(linger)));
    double[] ends = new double[sent.length]; // when each image and all before it were answered
    double[] latencies = new double[sent.length];
    List<SimulatedBatch> batches = new ArrayList<>();
    Running running = new Running(truth.runs());
    Commits commits = new Commits(sent, latencies);
    int head = 0;
    while (head < sent.length) {
      double free = running.place();
      FilledBatch filled = fill(limits, sent, ends, head, free);
      int images = filled.images();
      double closed = Math.max(free, filled.closedSeconds());
      double start = closed + gap * images / batchImages;
      int waiting = 0;
      while (head + images + waiting < sent.length
          && images + waiting < inFlightImages
          && sent[head + images + waiting] <= start) {
        waiting++;
      }
      Decision decision =
          controller.decide(
              new Sample(
                  nanos(start),
                  images,
                  waiting,
                  running.images(start),
                  nanos(start - filled.openedSeconds()),
                  nanos(start - closed),
                  running.lastEnded(start),
                  load(sent, ends, head, start),
                  0,
                  Long.MAX_VALUE));
      double ran =
          truth.runSeconds(decision.point(), images)
              * slowness.applyAsDouble(start)
              * Math.exp(noise * random.nextGaussian() - noise * noise / 2);
      if (2 * waiting < batchImages) {
        ran += wake;
      }
      double end = start + ran;
      double answered = head == 0 ? end : Math.max(end, ends[head - 1]); // in order
      Arrays.fill(ends, head, head + images, answered);
      commits.written(head + images, answered + emission);
      batches.add(new SimulatedBatch(start, end, images, count(sent, start) - head, decision));
      running.add(end, new RunTime(decision.point(), images, nanos(ran)));
      head += images;
    }
    commits.end();
    return new SimulatedOutcome(batches, latencies, target);
  }

  /** Commits answers in the order in which they are written. */
  private final class Commits {

    private final double[] sent;
    private final double[] latencies;

    /** Images whose answers are committed, or written. */
    private int committed;

    private int written;

    /** When the first answer was written that is not committed. */
    private double firstWritten;

    /** When what is written is committed early. */
    private double due = Double.POSITIVE_INFINITY;

    private double last = Double.NEGATIVE_INFINITY;

    Commits(double[] sent, double[] latencies) {
      this.sent = sent;
      this.latencies = latencies;
    }

    /** Writes the answers of all images up to this one. */
    void written(int images, double seconds) {
      if (next() <= seconds) {
        commit(next());
      }
      if (committed == written) {
        firstWritten = seconds;
      }
      written = images;
      boolean little = count(sent, seconds) - images < batchImages * truth.runs();
      double gap = commitInterval / EarlyCommit.MAX_PER_INTERVAL;
      due = little ? Math.max(seconds, last + gap) : Double.POSITIVE_INFINITY;
      if (commitInterval == 0) {
        commit(seconds);
      }
    }

    /** Commits the rest. */
    void end() {
      if (committed < written) {
        commit(next());
      }
    }

    private double next() {
      return Math.min(due, nextAtInterval());
    }

    private double nextAtInterval() {
      return committed == written
          ? Double.POSITIVE_INFINITY
          : Math.ceil(firstWritten / commitInterval) * commitInterval;
    }

    private void commit(double seconds) {
      for (; committed < written; committed++) {
        latencies[committed] = seconds + transport - sent[committed];
      }
      last = seconds;
      due = Double.POSITIVE_INFINITY;
    }
  }

  /** What runs: as many places as runs may go on at once, and those runs not looked at yet. */
  private static final class Running {

    private record Run(double end, RunTime time) {}

    /** When each place becomes free, in seconds. */
    private final PriorityQueue<Double> free = new PriorityQueue<>();

    private final PriorityQueue<Run> runs =
        new PriorityQueue<>(Comparator.comparingDouble(Run::end));
    private @Nullable RunTime last;

    Running(int atOnce) {
      free.addAll(Collections.nCopies(atOnce, 0.0));
    }

    /** Takes the place that is free first; returns when that is. */
    double place() {
      return Objects.requireNonNull(free.poll());
    }

    /** Runs in the place that was taken. */
    void add(double end, RunTime time) {
      free.add(end);
      runs.add(new Run(end, time));
    }

    /** Returns the run that ended last before this time; null if none has. */
    @Nullable RunTime lastEnded(double now) {
      while (!runs.isEmpty() && runs.peek().end() <= now) {
        last = runs.poll().time();
      }
      return last;
    }

    /** Returns the images that run at this time. */
    int images(double now) {
      return runs.stream()
          .filter(run -> run.end() > now)
          .mapToInt(run -> run.time().images())
          .sum();
    }
  }

  /** A closed batch. */
  private record FilledBatch(double openedSeconds, double closedSeconds, int images) {}

  /**
   * Fills the next batch until its limits close it.
   *
   * @param free when the run before it ends, in seconds
   */
  private FilledBatch fill(
      BatchLimits limits, double[] sent, double[] ends, int head, double free) {
    double opened = entered(sent, ends, head);
    double now = opened;
    int images = 1;
    while (limits.closing(images, 0, nanos(now - opened), true).reason() == null) {
      int next = head + images;
      double enters = next < sent.length ? entered(sent, ends, next) : Double.POSITIVE_INFINITY;
      if (enters <= now) {
        images++;
      } else if (now < free) {
        now = Math.min(enters, free);
      } else {
        BatchLimits.Closing closing = limits.closing(images, 0, nanos(now - opened), false);
        if (closing.reason() != null) {
          break;
        }
        double deadline = opened + closing.deadlineNanos() / NANOS;
        if (enters > deadline) {
          return new FilledBatch(opened, deadline, images);
        }
        now = enters;
      }
    }
    return new FilledBatch(opened, now, images);
  }

  private double entered(double[] sent, double[] ends, int image) {
    int makesRoom = image - inFlightImages;
    return makesRoom < 0 ? sent[image] : Math.max(sent[image], ends[makesRoom]);
  }

  /** What the reader read last. */
  private Load load(double[] sent, double[] ends, int head, double now) {
    for (double tick = Math.floor((now - readTakes) / readEvery) * readEvery;
        tick > 0;
        tick -= readEvery) {
      if (!stalled.test(tick)) {
        long answered = head;
        while (answered > 0 && ends[(int) answered - 1] > tick) {
          answered--;
        }
        long backlog = count(sent, tick) - answered;
        double rate = (count(sent, tick) - count(sent, tick - arrivalWindow)) / arrivalWindow;
        return new Load(backlog, rate, nanos(now - tick));
      }
    }
    return Load.UNKNOWN;
  }

  private static int count(double[] sent, double until) {
    int at = Arrays.binarySearch(sent, until);
    return at < 0 ? -at - 1 : at + 1;
  }

  private static long nanos(double seconds) {
    return Math.round(seconds * NANOS);
  }
}

package dev.vmoe.lab.sizing;

import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.CostModel;
import dev.vmoe.capacity.Decision;
import dev.vmoe.capacity.Load;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.capacity.QualityProfile;
import dev.vmoe.capacity.RunTime;
import dev.vmoe.capacity.Sample;
import dev.vmoe.moe.Routing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoublePredicate;

/**
 * One instance in simulated time: images wait in a topic, a bounded number of them in the instance,
 * and are run in batches under a controller; answers are seen at the next commit; a reader looks at
 * the topic now and then.
 *
 * <p>With the rules of the micro-batcher: a batch is closed when it is full or its oldest image has
 * waited for the linger, one runs at a time, and the next one fills meanwhile. Settable before
 * {@link #run}; times in seconds.
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

  /** Standard deviation of the logarithm of a run's time. */
  double noise = 0.1;

  /** What a run takes longer behind which less than half a batch waits: threads have slept. */
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
   * @param rested seconds that a run takes longer behind which less than half a batch waits; 0 at
   *     first
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
   * One batch that ran.
   *
   * @param startSeconds when its run began
   * @param endSeconds when it ended
   * @param images its images
   * @param backlog images sent and not yet answered when it began, its own included
   * @param decision what was decided for it
   */
  public record Batch(
      double startSeconds, double endSeconds, int images, long backlog, Decision decision) {
    OperatingPoint point() {
      return decision.point();
    }
  }

  /** What came of it. */
  public static final class Outcome {

    private final List<Batch> batches;
    private final double[] latencies;
    private final double[] sorted;
    private final double target;

    Outcome(List<Batch> batches, double[] latencies, double target) {
      this.batches = List.copyOf(batches);
      this.latencies = latencies;
      this.target = target;
      this.sorted = latencies.clone();
      Arrays.sort(sorted);
    }

    /** Returns the batches in the order they ran. */
    public List<Batch> batches() {
      return batches;
    }

    /** Returns from when an image was sent until its answer could be read, in seconds. */
    public double latencySeconds(int image) {
      return latencies[image];
    }

    double lateShare() {
      long late = 0;
      for (double latency : latencies) {
        late += latency > target ? 1 : 0;
      }
      return (double) late / latencies.length;
    }

    /** Returns the latency that this share of the images does not exceed, in seconds. */
    public double quantile(double share) {
      return sorted[(int) Math.min(sorted.length - 1.0, share * sorted.length)];
    }

    /** Returns the mean latency, in seconds. */
    public double mean() {
      return Arrays.stream(latencies).average().orElseThrow();
    }

    /** Returns images a batch. */
    public double meanBatch() {
      return (double) latencies.length / batches.size();
    }

    /** Returns how often the point changed between two times. */
    int changes(double from, double until) {
      int changes = 0;
      OperatingPoint before = null;
      for (Batch batch : batches) {
        if (batch.startSeconds >= from && batch.startSeconds < until) {
          changes += before != null && !before.equals(batch.point()) ? 1 : 0;
          before = batch.point();
        }
      }
      return changes;
    }

    /** Returns how often the point went up after it had gone down, or the other way round. */
    int turns(List<OperatingPoint> rungs, double from, double until) {
      int turns = 0;
      int before = -1;
      int direction = 0;
      for (Batch batch : batches) {
        if (batch.startSeconds < from || batch.startSeconds >= until) {
          continue;
        }
        int rung = rungs.indexOf(batch.point());
        int step = before < 0 ? 0 : Integer.signum(rung - before);
        if (step != 0) {
          turns += direction != 0 && step != direction ? 1 : 0;
          direction = step;
        }
        before = rung;
      }
      return turns;
    }

    OperatingPoint pointAt(double seconds) {
      OperatingPoint point = batches.get(0).point();
      for (Batch batch : batches) {
        if (batch.startSeconds > seconds) {
          break;
        }
        point = batch.point();
      }
      return point;
    }

    /** Returns when, from a time on, the backlog first fits into this many images. */
    double backlogGone(double from, int images) {
      return batches.stream()
          .filter(batch -> batch.startSeconds >= from && batch.backlog <= images)
          .mapToDouble(Batch::startSeconds)
          .findFirst()
          .orElse(Double.POSITIVE_INFINITY);
    }

    /** Returns when, from a time on, a point first runs. */
    double firstAt(OperatingPoint point, double from) {
      return batches.stream()
          .filter(batch -> batch.startSeconds >= from && batch.point().equals(point))
          .mapToDouble(Batch::startSeconds)
          .findFirst()
          .orElse(Double.POSITIVE_INFINITY);
    }

    /** Returns the mean accuracy over all images, as if all batches were of one size. */
    double accuracy(QualityProfile quality, Routing routing, int size) {
      double sum = 0;
      long images = 0;
      for (Batch batch : batches) {
        sum += batch.images * quality.accuracy(batch.point(), routing, size);
        images += batch.images;
      }
      return sum / images;
    }

    /** Returns the mean accuracy over all images, each in a batch of the size it had. */
    public double accuracy(QualityProfile quality, Routing routing) {
      double sum = 0;
      for (Batch batch : batches) {
        sum += batch.images * quality.accuracy(batch.point(), routing, batch.images);
      }
      return sum / latencies.length;
    }
  }

  /**
   * Answers every image.
   *
   * @param sent when each image is sent, in seconds, ascending; at least one
   * @param controller chooses each batch's operating point
   */
  public Outcome run(double[] sent, CapacityController controller) {
    Random random = new Random(seed);
    double[] ends = new double[sent.length]; // when each image's run ended
    double[] latencies = new double[sent.length];
    List<Batch> batches = new ArrayList<>();
    double free = 0;
    RunTime lastRun = null;
    int head = 0;
    while (head < sent.length) {
      double opened = entered(sent, ends, head);
      double due = opened + linger;
      int fills = head + batchImages - 1;
      double full = fills < sent.length ? entered(sent, ends, fills) : Double.POSITIVE_INFINITY;
      double closed = Math.max(free, Math.min(due, full));
      int images = 1;
      while (images < batchImages
          && head + images < sent.length
          && entered(sent, ends, head + images) <= closed) {
        images++;
      }
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
                  nanos(start - opened),
                  nanos(start - closed),
                  lastRun,
                  load(sent, ends, head, start)));
      double ran =
          truth.runSeconds(decision.point(), images)
              * Math.exp(noise * random.nextGaussian() - noise * noise / 2);
      if (2 * waiting < batchImages) {
        ran += wake;
      }
      double end = start + ran;
      double seen = committed(end + emission) + transport;
      for (int i = head; i < head + images; i++) {
        ends[i] = end;
        latencies[i] = seen - sent[i];
      }
      batches.add(new Batch(start, end, images, count(sent, start) - head, decision));
      lastRun = new RunTime(decision.point(), images, nanos(ran));
      free = end;
      head += images;
    }
    return new Outcome(batches, latencies, target);
  }

  private double committed(double written) {
    return commitInterval == 0 ? written : Math.ceil(written / commitInterval) * commitInterval;
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

package dev.vmoe.core.inference;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a model file is opened.
 *
 * @param device what to run on
 * @param threads threads of one run on a CPU; 0 for one a core
 * @param runs maximum runs at once, at least 1; with several, one thread each keeps them from
 *     waiting for each other
 * @param spinning whether these threads wait for work awake while a run goes on: a little faster
 *     where nothing else runs, and they take the cores from whatever does; between runs they sleep
 * @param warmUpBatches numbers of images of the runs that warm the session up before it is open
 * @param profile beginning of the name of a file for ONNX Runtime's profile; nothing is profiled
 *     without it
 * @param features whether runs also give the features
 */
public record SessionSettings(
    Device device,
    int threads,
    int runs,
    boolean spinning,
    List<Integer> warmUpBatches,
    Optional<Path> profile,
    boolean features) {

  /** Rejects what no session can run with. */
  public SessionSettings {
    warmUpBatches = List.copyOf(warmUpBatches);
    if (threads < 0) {
      throw new IllegalArgumentException(threads + " inference threads");
    }
    if (runs < 1) {
      throw new IllegalArgumentException(runs + " runs at once");
    }
    if (warmUpBatches.stream().anyMatch(batch -> batch < 1)) {
      throw new IllegalArgumentException(
          "warm-up batches " + warmUpBatches + " are not all above 0");
    }
  }

  /** Makes settings of one run at a time, without profile and features. */
  public SessionSettings(
      Device device, int threads, boolean spinning, List<Integer> warmUpBatches) {
    this(device, threads, 1, spinning, warmUpBatches, Optional.empty(), false);
  }

  /**
   * Returns the threads to ask ONNX Runtime for: its pool serves all runs, each of which brings one
   * thread of its own and counts as the first of them; 0 for one a core.
   */
  int poolThreads() {
    return threads == 0 ? 0 : 1 + runs * (threads - 1);
  }

  /** Returns these settings with a profile. */
  public SessionSettings profiledTo(Path prefix) {
    return new SessionSettings(
        device, threads, runs, spinning, warmUpBatches, Optional.of(prefix), features);
  }

  /** Returns these settings with so many runs at once. */
  public SessionSettings withRuns(int others) {
    return new SessionSettings(device, threads, others, spinning, warmUpBatches, profile, features);
  }

  /** Returns these settings with features or without. */
  public SessionSettings withFeatures(boolean wanted) {
    return new SessionSettings(device, threads, runs, spinning, warmUpBatches, profile, wanted);
  }

  /** Returns the settings for a device: a thread a core, asleep between runs, warmed up. */
  public static SessionSettings on(Device device) {
    return new SessionSettings(device, 0, false, List.of(1, 8, 32));
  }
}

package dev.vmoe.lab.bench;

import dev.vmoe.app.client.Replay;
import java.util.Map;
import java.util.Set;

/**
 * A replay as fast as images are answered, and the processor time used meanwhile.
 *
 * @param outcome what the client saw
 * @param cpuNanos processor time by role, from before the first image to the last answer
 */
public record MeteredReplay(Replay.ReplayOutcome outcome, Map<CpuShares.Role, Long> cpuNanos) {

  /** Copies the map. */
  public MeteredReplay {
    cpuNanos = Map.copyOf(cpuNanos);
  }

  /** Returns images a second. */
  public double imagesPerSecond() {
    return outcome.sent() / outcome.seconds();
  }

  /** Returns images a batch. */
  public double meanBatch() {
    return outcome.summary().batchSize().mean();
  }

  /** Returns the processor time of an image, in milliseconds, without what these roles used. */
  public double cpuMsPerImage(Set<CpuShares.Role> others) {
    long own = 0;
    for (Map.Entry<CpuShares.Role, Long> used : cpuNanos.entrySet()) {
      own += others.contains(used.getKey()) ? 0 : used.getValue();
    }
    return own / 1e6 / outcome.sent();
  }
}

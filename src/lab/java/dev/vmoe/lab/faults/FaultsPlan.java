package dev.vmoe.lab.faults;

import dev.vmoe.streams.settings.Settings;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run is to do.
 *
 * @param seconds how long faults are made
 * @param faultSeconds how long each fault lasts; 0 for a random length
 * @param seed of the faults and of the load
 * @param instances of the pipeline
 * @param threads stream threads of an instance
 * @param partitions of the images topic
 * @param brokers of the cluster; topics have as many replicas
 * @param combined whether the one broker is its own controller
 * @param weights faults, and how often each comes
 * @param perSecond records a second
 * @param instanceMebibytes memory of an instance; 0 for no limit of its own
 * @param settings of the instances, beside those that the run needs
 * @param limits what makes the run fail although every answer is right
 * @param sabotage what is broken on purpose; null for nothing
 */
public record FaultsPlan(
    double seconds,
    double faultSeconds,
    long seed,
    int instances,
    int threads,
    int partitions,
    int brokers,
    boolean combined,
    Map<FaultKind, Integer> weights,
    double perSecond,
    int instanceMebibytes,
    Map<String, String> settings,
    FaultLimits limits,
    @Nullable Sabotage sabotage) {

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  public FaultsPlan {
    if (brokers != 1 && brokers != 3) {
      throw new IllegalArgumentException("--brokers " + brokers + " is neither 1 nor 3");
    }
    if (combined && brokers != 1) {
      throw new IllegalArgumentException("--combined needs --brokers 1");
    }
    if (instanceMebibytes != 0 && instances != 1) {
      throw new IllegalArgumentException("--instance-memory needs --instances 1");
    }
    if (weights.containsKey(FaultKind.BOMBS)
        && instanceMebibytes != 0
        && instanceMebibytes < Bomb.MIN_MEMORY_MEBIBYTES) {
      throw new IllegalArgumentException(
          "--instance-memory %d: the fault bombs needs at least %d"
              .formatted(instanceMebibytes, Bomb.MIN_MEMORY_MEBIBYTES));
    }
    if (weights.containsKey(FaultKind.BOMBS)
        && new Settings(settings).getLong(Settings.IMAGE_MAX_PIXELS) < Bomb.MIN_PIXELS) {
      throw new IllegalArgumentException(
          "--set image.max.pixels: the fault bombs needs at least " + Bomb.MIN_PIXELS);
    }
    if (weights.containsKey(FaultKind.MODEL)) {
      for (String key : List.of(Settings.MODEL, Settings.MODELS_DIR, Settings.MODELS_LADDER)) {
        if (settings.containsKey(key)) {
          throw new IllegalArgumentException(
              "--set %s: the fault model sets the models itself; name --faults without it"
                  .formatted(key));
        }
      }
    }
    if (limits.besideBombsMs() > 0 && !weights.containsKey(FaultKind.BOMBS)) {
      throw new IllegalArgumentException("--max-beside-bombs-ms needs the fault bombs");
    }
    weights = new EnumMap<>(weights);
    settings = Map.copyOf(settings);
  }

  /** Returns the longest fault of a random length: a quarter of the run. */
  double maxFaultSeconds() {
    return seconds / 4;
  }
}

package dev.vmoe.streams.settings;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Settings that earlier versions had, each with a sentence that says what to write instead. */
final class RemovedSettings {

  private static final String ROUTING_PROFILE =
      "remove it: there is no routing profile any more. Its topic can be deleted";
  private static final String CLIPS =
      "remove it: a client sums the frames of a video, see src/examples/java/Clips.java";

  private static final Map<String, String> INSTEAD =
      Map.ofEntries(
          Map.entry("routing.profile.interval.ms", ROUTING_PROFILE),
          Map.entry("topics.routing-profile", ROUTING_PROFILE),
          Map.entry("clips.window.ms", CLIPS),
          Map.entry("topics.clips", CLIPS),
          Map.entry("gate.min", "remove it, and lower capacity.ratio to compute less"),
          Map.entry(
              "utilization.format",
              "remove it: utilization events have the format of predictions.format"),
          Map.entry(
              "tracing.sample.ratio",
              "set the variables OTEL_TRACES_SAMPLER=parentbased_traceidratio and"
                  + " OTEL_TRACES_SAMPLER_ARG=0.01 instead"),
          Map.entry("in.flight.max.bytes", "set VMOE_HEAP instead: a quarter of the heap is used"),
          Map.entry(
              "in.flight.images",
              "set batch.max.images instead: a partition has at most (3 + inference.runs) times as"
                  + " many images in the instance"),
          Map.entry("in.flight.wait.ms", "remove it: reading waits at most 2000 ms"),
          Map.entry(
              "batch.max.bytes",
              "set batch.max.images instead: a batch has at most 64 MiB of encoded images"),
          Map.entry(
              "fetch.at.once",
              "set batch.max.images instead: twice as many images are fetched at once, at least"
                  + " 64"),
          Map.entry("lag.interval.ms", "remove it: the backlog is read every 250 ms"),
          Map.entry(
              "schema.registry.retry.ms",
              "remove it: a command tries a registry again for 15 s, an instance without end"));

  private RemovedSettings() {}

  /** Returns what to write instead of a setting; null if it was none. */
  static @Nullable String insteadOf(String key) {
    String instead = INSTEAD.get(key);
    return instead == null ? null : "this setting was removed: " + instead;
  }
}

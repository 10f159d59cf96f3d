package dev.vmoe.streams.instance;

import dev.vmoe.core.inference.WatchedClassifier;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Topics;
import dev.vmoe.streams.topology.NewestDeadLetters;
import dev.vmoe.streams.topology.NewestImages;
import dev.vmoe.streams.topology.SafeObservers;
import dev.vmoe.streams.topology.ShareRecorder;
import dev.vmoe.streams.topology.ShareTracer;
import dev.vmoe.streams.tracing.Tracing;
import java.util.function.Supplier;

/**
 * What is watched: metrics, traces, and the images and dead letters of the live page.
 *
 * @param metrics recorders
 * @param tracing traces, or none
 * @param newestImages images for the live page
 * @param newestDeadLetters dead letters for the live page
 * @param images tells all of them of each step of an image
 */
record Observers(
    PipelineMetrics metrics,
    Tracing tracing,
    NewestImages newestImages,
    NewestDeadLetters newestDeadLetters,
    SafeObservers images)
    implements AutoCloseable {

  /**
   * Opens them.
   *
   * @param served returns the first model that the next batch may be run with
   */
  static Observers open(
      Settings settings, PipelineMetrics metrics, Supplier<WatchedClassifier> served) {
    Tracing tracing = Tracing.start(settings, metrics.traces());
    NewestImages newestImages = new NewestImages(served);
    NewestDeadLetters newestDeadLetters = new NewestDeadLetters();
    return new Observers(
        metrics,
        tracing,
        newestImages,
        newestDeadLetters,
        new SafeObservers(
            metrics::observerFailed,
            newestImages,
            newestDeadLetters,
            new ShareRecorder(metrics),
            new ShareTracer(
                tracing, Topics.of(settings), settings.getString(Settings.APPLICATION_ID))));
  }

  @Override
  public void close() {
    tracing.close();
  }
}

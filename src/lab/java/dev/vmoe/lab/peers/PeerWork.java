package dev.vmoe.lab.peers;

import dev.vmoe.event.RegistryClient;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.moe.RoutingSettings;
import org.jspecify.annotations.Nullable;

/**
 * The same model for all peers, in both layouts, and what else turns images into predictions.
 *
 * @param oneRun the model with one run at a time, on all cores
 * @param runEachCore the model with as many runs at once as cores, of one thread each
 * @param decoder of images to the model's input
 * @param settings operating point and routing of all runs
 * @param registry schemas of requests and predictions
 * @param flink where Flink's jobs run, with work of its own; null if it is not compared with
 */
public record PeerWork(
    BatchClassifier oneRun,
    BatchClassifier runEachCore,
    ImageDecoder decoder,
    RoutingSettings settings,
    RegistryClient registry,
    @Nullable FlinkProcess flink) {

  /** Returns work for one thread, with runs that take all cores. */
  BatchWork onAllCores(int batch) {
    return new BatchWork(oneRun, decoder, settings, registry, batch);
  }

  /** Returns work for one of as many threads as cores, with runs that take one core. */
  BatchWork onEachCore(int batch) {
    return new BatchWork(runEachCore, decoder, settings, registry, batch);
  }
}

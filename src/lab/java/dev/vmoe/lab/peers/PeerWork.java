package dev.vmoe.lab.peers;

import dev.vmoe.event.RegistryClient;
import dev.vmoe.lab.bench.BenchModel;

/**
 * The same model for all peers, in both layouts, and what else turns images into predictions.
 *
 * @param oneRun the model with one run at a time, on all cores
 * @param runEachCore the model with as many runs at once as cores, of one thread each
 * @param registry schemas of requests and predictions
 */
record PeerWork(BenchModel oneRun, BenchModel runEachCore, RegistryClient registry) {

  /** Returns work for one thread, with runs that take all cores. */
  BatchWork onAllCores() {
    return new BatchWork(oneRun, registry);
  }

  /** Returns work for one of as many threads as cores, with runs that take one core. */
  BatchWork onEachCore() {
    return new BatchWork(runEachCore, registry);
  }
}

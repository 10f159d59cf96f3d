package dev.vmoe.core.batch;

import java.util.List;

/**
 * Told of each batch that has run: once, by one inference thread at a time, before any lane has its
 * share. What it throws is logged, once, and changes nothing.
 *
 * @param <T> what submitters attach to each image
 */
@FunctionalInterface
public interface RunObserver<T> {

  /**
   * A batch has run.
   *
   * @param run the batch
   * @param origins what is attached to the images that ran, in the order of the run's result
   */
  void ran(BatchRun run, List<T> origins);
}

package dev.vmoe.core.survey;

import dev.vmoe.core.inference.InferenceException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Threads that run a model as many times at once as a pipeline will.
 *
 * <p>They are the same for all runs: ONNX Runtime gives its environment back when the JVM begins to
 * stop, and a run on a thread that is new to it would then end the process with SIGSEGV.
 */
final class RunsAtOnce implements AutoCloseable {

  private final int runs;
  private final ExecutorService threads;

  RunsAtOnce(int runs) {
    this.runs = runs;
    this.threads = Executors.newFixedThreadPool(runs);
  }

  /** Returns the results of so many runs once all have ended. */
  <T> List<T> run(Supplier<T> run) {
    if (runs == 1) {
      return List.of(run.get());
    }
    try {
      List<T> results = new ArrayList<>();
      List<Callable<T>> all = Collections.nCopies(runs, run::get);
      for (Future<T> ended : threads.invokeAll(all)) {
        results.add(ended.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new InferenceException("a run of the survey failed: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InferenceException("the survey was interrupted", e);
    }
  }

  /** Waits for runs that were left: nobody may close the model under one of them. */
  @Override
  public void close() {
    threads.shutdown();
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        ended = threads.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

package dev.vmoe.lab.sizing;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.RunTime;
import dev.vmoe.core.capacity.Sample;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A controller that remembers every batch it decided on, and how long its run took. */
public final class RecordedRuns implements CapacityController {

  private final CapacityController controller;
  private final List<RunTime> runs = new ArrayList<>();
  private @Nullable RunTime before;
  private long images;
  private long batches;

  /** Wraps a controller. */
  public RecordedRuns(CapacityController controller) {
    this.controller = controller;
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a run that failed leaves the one before in the sample
  public synchronized Decision decide(Sample sample) {
    RunTime run = sample.lastRun();
    if (run != null && run != before) {
      if (batches > 0) { // else it was decided by another controller
        runs.add(run);
      }
      before = run;
    }
    images += sample.batchImages();
    batches++;
    return controller.decide(sample);
  }

  @Override
  public long fastestRunNanos(int images) {
    return controller.fastestRunNanos(images);
  }

  /** Returns the runs so far, the last one not among them. */
  public synchronized List<RunTime> runs() {
    return List.copyOf(runs);
  }

  /** Returns the images of all batches so far. */
  public synchronized long images() {
    return images;
  }

  /** Returns images a batch so far. */
  public synchronized double meanBatch() {
    return batches == 0 ? 0 : (double) images / batches;
  }
}

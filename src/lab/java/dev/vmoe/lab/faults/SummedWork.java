package dev.vmoe.lab.faults;

import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import java.util.Map;
import java.util.TreeMap;

/** Utilization events, summed by the partition of their images. */
final class SummedWork {

  private final Map<Integer, Long> images = new TreeMap<>();
  private long uneven;

  /** Adds an event. */
  void add(ExpertUtilization event) {
    images.merge(event.getSourcePartition(), (long) event.getImages(), Long::sum);
    long tokens = (long) event.getImages() * event.getTokensPerImage();
    for (LayerUtilization layer : event.getLayers()) {
      long assigned = sum(layer.getAssigned());
      if (assigned < tokens // gate.min leaves out no first choice
          || assigned > tokens * event.getExpertsPerToken()
          || sum(layer.getDispatched()) > assigned) {
        uneven++;
      }
    }
  }

  private static long sum(Iterable<Long> counts) {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }

  /** Returns the images that the events speak for, by partition. */
  Map<Integer, Long> images() {
    return images;
  }

  /** Returns the layers of events whose choices are not 1 to K for each token of each image. */
  long uneven() {
    return uneven;
  }
}

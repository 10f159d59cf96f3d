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
    long choices =
        (long) event.getImages() * event.getTokensPerImage() * event.getExpertsPerToken();
    for (LayerUtilization layer : event.getLayers()) {
      long assigned = sum(layer.getAssigned());
      if (assigned != choices || sum(layer.getDispatched()) > assigned) {
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

  /** Returns the layers of events whose choices are not images × tokens × K. */
  long uneven() {
    return uneven;
  }
}

package dev.vmoe.lab.faults;

import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import java.util.HashMap;
import java.util.Map;

/** Utilization events, summed by the partition of their images and the model. */
final class SummedWork {

  private final Map<PartitionModel, Long> images = new HashMap<>();
  private long uneven;

  /** Images of a partition that a model answered. */
  record PartitionModel(int partition, AnsweringModel model) {
    @Override
    public String toString() {
      return "partition " + partition + ", model " + model.name();
    }
  }

  /** Adds an event. */
  void add(ExpertUtilization event) {
    images.merge(
        new PartitionModel(event.getSourcePartition(), AnsweringModel.of(event)),
        (long) event.getImages(),
        Long::sum);
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

  /** Returns the images that the events speak for, by partition and model. */
  Map<PartitionModel, Long> images() {
    return images;
  }

  /** Returns the layers of events whose choices are not images × tokens × K. */
  long uneven() {
    return uneven;
  }
}

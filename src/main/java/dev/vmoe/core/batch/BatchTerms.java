package dev.vmoe.core.batch;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.Sample;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a change of configuration can change about a batch. A batch is opened under the
 * terms in force and keeps them until it has run. They are replaced as a whole.
 *
 * @param model the model, or models, that the batch is decoded for and run with
 * @param limits when the batch is closed
 * @param controller chooses the batch's operating point
 * @param configurationVersion version of the configuration; null for the settings file
 */
public record BatchTerms(
    ServedModel model,
    BatchLimits limits,
    CapacityController controller,
    @Nullable Long configurationVersion) {

  int bufferBytes() {
    return Math.multiplyExact(model.slotBytes(), limits.maxImages());
  }

  /** Returns the operating point of a batch that was opened under these terms. */
  Decision decide(Sample sample) {
    return controller.decide(sample).underConfiguration(configurationVersion);
  }
}

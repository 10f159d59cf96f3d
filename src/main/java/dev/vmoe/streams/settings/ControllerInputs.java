package dev.vmoe.streams.settings;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.PointBounds;
import dev.vmoe.core.moe.Routing;
import java.time.Duration;

/**
 * The settings that a capacity controller depends on, and no others. While they are equal, a change
 * of configuration keeps the controller and what it has learnt.
 */
public sealed interface ControllerInputs {

  /**
   * A controller that stays at one operating point.
   *
   * @param maxBatchImages maximum images of a batch, for the rate that is reported as attainable
   */
  record FixedInputs(OperatingPoint point, Routing routing, int maxBatchImages)
      implements ControllerInputs {}

  /**
   * A controller that follows the load.
   *
   * @param bounds where the operating point has to stay
   * @param targetLatency time within which an image is to be answered
   * @param maxBatchImages maximum images of a batch, by which operating points are compared
   */
  record AdaptiveInputs(
      PointBounds bounds, Duration targetLatency, Routing routing, int maxBatchImages)
      implements ControllerInputs {}
}

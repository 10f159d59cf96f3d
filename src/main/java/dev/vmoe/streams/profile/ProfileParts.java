package dev.vmoe.streams.profile;

import dev.vmoe.event.ClassUtilization;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerProfile;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.streams.topology.ShareEvents;
import java.util.ArrayList;
import java.util.List;

/**
 * Parts of routing profiles: what a utilization event adds to each class.
 *
 * <p>Labels are free text: all labels that the model does not know share one row, so a model has at
 * most one row more than classes. {@link ProfileBound} limits classes and models.
 */
public final class ProfileParts {

  private ProfileParts() {}

  /**
   * Returns what an event adds, perhaps several parts to one class; none for a dense model, which
   * routes nothing.
   *
   * @throws IllegalArgumentException if the event contradicts itself; then nothing of it may be
   *     counted
   */
  static List<RoutingProfile> of(ExpertUtilization event) {
    List<RoutingProfile> parts = new ArrayList<>(event.getClasses().size());
    if (event.getLayers().isEmpty()) {
      return parts;
    }
    int experts = event.getLayers().get(0).getDispatched().size();
    long images = 0;
    for (ClassUtilization ofClass : event.getClasses()) {
      RoutingProfile part = part(event, ofClass, experts);
      images += part.getImages();
      parts.add(part);
    }
    if (images != event.getImages()) {
      throw new IllegalArgumentException(
          "its classes have %d images in all, but it says %d".formatted(images, event.getImages()));
    }
    return parts;
  }

  /** Returns the key of a profile: model and class. */
  public static String key(RoutingProfile profile) {
    return profile.getWeightsHash() + "/" + profile.getClassIndex();
  }

  private static RoutingProfile part(
      ExpertUtilization event, ClassUtilization ofClass, int experts) {
    if (ofClass.getImages() < 1 || ofClass.getLayers().size() != event.getLayers().size()) {
      throw new IllegalArgumentException(
          "class '%s' has %d images and %d of %d layers"
              .formatted(
                  ofClass.getLabel(),
                  ofClass.getImages(),
                  ofClass.getLayers().size(),
                  event.getLayers().size()));
    }
    boolean known = ofClass.getClassIndex() >= 0;
    List<LayerProfile> layers = new ArrayList<>();
    for (LayerUtilization layer : ofClass.getLayers()) {
      requireExperts(layer, experts);
      layers.add(
          new LayerProfile(
              layer.getBlock(), layer.getAssigned(), layer.getDispatched(), layer.getGateSum()));
    }
    return new RoutingProfile(
        event.getModel(),
        event.getWeightsHash(),
        known ? ofClass.getClassIndex() : ShareEvents.NO_CLASS,
        known ? ofClass.getLabel() : "",
        (long) ofClass.getImages(),
        layers);
  }

  private static void requireExperts(LayerUtilization layer, int experts) {
    if (layer.getAssigned().size() != experts
        || layer.getDispatched().size() != experts
        || layer.getGateSum().size() != experts) {
      throw new IllegalArgumentException(
          "block %d has %d, %d and %d numbers for %d experts"
              .formatted(
                  layer.getBlock(),
                  layer.getAssigned().size(),
                  layer.getDispatched().size(),
                  layer.getGateSum().size(),
                  experts));
    }
    for (int expert = 0; expert < experts; expert++) {
      long assigned = layer.getAssigned().get(expert);
      long dispatched = layer.getDispatched().get(expert);
      double gates = layer.getGateSum().get(expert);
      if (dispatched < 0 || dispatched > assigned || !(gates >= 0 && gates <= dispatched * 1.001)) {
        throw new IllegalArgumentException(
            "block %d, expert %d: %d choices assigned, %d of them dispatched, their gates %s"
                .formatted(layer.getBlock(), expert, assigned, dispatched, gates));
      }
    }
  }
}

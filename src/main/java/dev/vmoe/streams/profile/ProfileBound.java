package dev.vmoe.streams.profile;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.event.ClassUtilization;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Limits what an instance counts in the routing profile, whatever events are written: the models
 * that it has served, and at most {@value #MAX_OTHER_MODELS} others, which occur while one model
 * replaces another.
 */
public final class ProfileBound {

  /** Maximum models counted besides the instance's own, since it started. */
  static final int MAX_OTHER_MODELS = 3;

  /** Maximum classes of a model that the instance has not served. */
  static final int MAX_OTHER_CLASSES = 1 << 15;

  private static final Pattern HASH = Pattern.compile("[0-9a-f]{1,64}");

  private final Function<String, Optional<ModelCard>> own;
  private final Set<String> others = new HashSet<>();

  /**
   * Creates a bound.
   *
   * @param own returns the model of a weights hash if the instance has served it
   */
  public ProfileBound(Function<String, Optional<ModelCard>> own) {
    this.own = own;
  }

  /**
   * Checks that an event is within the limits.
   *
   * @throws IllegalArgumentException if it is not; then nothing of it may be counted
   */
  synchronized void require(ExpertUtilization event) {
    String model = event.getWeightsHash();
    ModelCard card = own.apply(model).orElse(null);
    if (card != null) {
      others.remove(model); // another instance may have changed to it earlier
    }
    requireClasses(event, card == null ? MAX_OTHER_CLASSES : card.classes().size());
    if (card != null) {
      requireShape(event, card);
    } else if (!HASH.matcher(model).matches()) {
      throw new IllegalArgumentException("its weightsHash is not a hash");
    } else if (!others.contains(model) && others.size() >= MAX_OTHER_MODELS) {
      throw new IllegalArgumentException(
          "model %s is beyond the %d that are counted besides the instance's own"
              .formatted(model, MAX_OTHER_MODELS));
    } else {
      others.add(model);
    }
  }

  private static void requireClasses(ExpertUtilization event, int classes) {
    for (ClassUtilization ofClass : event.getClasses()) {
      if (ofClass.getClassIndex() >= classes) {
        throw new IllegalArgumentException(
            "class index %d, but the model has %d classes"
                .formatted(ofClass.getClassIndex(), classes));
      }
    }
  }

  /** A first row of a wrong shape would block all later rows of its class. */
  private static void requireShape(ExpertUtilization event, ModelCard card) {
    for (ClassUtilization ofClass : event.getClasses()) {
      if (!ofClass.getLayers().stream()
              .map(LayerUtilization::getBlock)
              .toList()
              .equals(card.moeBlocks())
          || ofClass.getLayers().stream()
              .anyMatch(layer -> layer.getAssigned().size() != card.numExperts())) {
        throw new IllegalArgumentException(
            "the model has %d experts in blocks %s".formatted(card.numExperts(), card.moeBlocks()));
      }
    }
  }
}

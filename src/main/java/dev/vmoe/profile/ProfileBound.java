package dev.vmoe.profile;

import dev.vmoe.event.ClassUtilization;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.moe.ModelCard;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * What an instance counts in the routing profile, however many events of whatever kind are written:
 * the models that it has served exactly, and a few others, which are there while one model replaces
 * another.
 */
public final class ProfileBound {

  /** Models counted beside the instance's own, since it started. */
  static final int MOST_OTHER_MODELS = 3;

  /** Classes of a model that the instance does not know. */
  static final int MOST_OTHER_CLASSES = 1 << 15;

  private static final Pattern HASH = Pattern.compile("[0-9a-f]{1,64}");

  private final Function<String, Optional<ModelCard>> own;
  private final Set<String> others = new HashSet<>();

  /**
   * Creates a bound.
   *
   * @param own returns the model of a weights hash, if the instance has served it
   */
  public ProfileBound(Function<String, Optional<ModelCard>> own) {
    this.own = own;
  }

  /**
   * Checks that an event is within it.
   *
   * @throws IllegalArgumentException if it is not; nothing of it may be counted
   */
  synchronized void require(ExpertUtilization event) {
    String model = event.getWeightsHash();
    ModelCard card = own.apply(model).orElse(null);
    if (card != null) {
      others.remove(model); // another instance may have changed to it earlier
    }
    requireClasses(event, card == null ? MOST_OTHER_CLASSES : card.classes().size());
    if (card != null) {
      requireShape(event, card);
    } else if (!HASH.matcher(model).matches()) {
      throw new IllegalArgumentException("its weightsHash is none");
    } else if (!others.contains(model) && others.size() >= MOST_OTHER_MODELS) {
      throw new IllegalArgumentException(
          "model %s is one more than the %d beside the instance's own that are counted"
              .formatted(model, MOST_OTHER_MODELS));
    } else {
      others.add(model);
    }
  }

  private static void requireClasses(ExpertUtilization event, int classes) {
    for (ClassUtilization ofClass : event.getClasses()) {
      if (ofClass.getClassIndex() >= classes) {
        throw new IllegalArgumentException(
            "class %d of %d".formatted(ofClass.getClassIndex(), classes));
      }
    }
  }

  /** A first row of another shape would keep all that come after it from being added. */
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

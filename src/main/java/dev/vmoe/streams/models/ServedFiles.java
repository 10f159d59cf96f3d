package dev.vmoe.streams.models;

import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.streams.settings.CapacityRequirements;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.PredictionContents;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The files of the models that settings serve: of the one that {@code model} names, and of those
 * beside it, in the order of {@code models.ladder}.
 *
 * <p>A batch is decoded before its model is chosen. So all models see the same images and answer
 * with the same classes. Their accuracies are compared, so they are measured on the same images.
 *
 * @param models at least one
 */
public record ServedFiles(List<ModelFiles> models) {

  /** Copies the list. */
  public ServedFiles {
    models = List.copyOf(models);
  }

  /**
   * Returns the files of the models that are served under settings.
   *
   * @param file settings of the instance
   * @throws IOException if a model does not exist or cannot be read, or its profile is another's
   * @throws IllegalArgumentException if a name leads out of its folder
   */
  public static ServedFiles of(Settings file, LiveSettings live) throws IOException {
    List<ModelFiles> models = new ArrayList<>();
    models.add(ModelFiles.of(file, Objects.requireNonNullElseGet(live.model(), file::model)));
    for (String name : live.beside()) {
      models.add(ModelFiles.of(file, name));
    }
    return new ServedFiles(models);
  }

  /** Returns what each model says about itself. */
  public List<ModelCard> cards() {
    return models.stream().map(ModelFiles::card).toList();
  }

  /** Returns the bytes of each model's files. */
  public List<Long> bytes() throws IOException {
    List<Long> bytes = new ArrayList<>();
    for (ModelFiles model : models) {
      bytes.add(model.bytes());
    }
    return bytes;
  }

  /** Returns the names of the models, for people. */
  public String names() {
    return cards().stream().map(ModelCard::name).collect(Collectors.joining(", "));
  }

  /**
   * Returns the settings completed for the models, checked as every instance does before it uses
   * them, except for memory.
   *
   * @param file settings of the instance
   * @throws IllegalArgumentException if the models cannot run with them, or not beside each other
   */
  public LiveSettings complete(LiveSettings live, Settings file) {
    requireAlike();
    for (ModelFiles other : models.subList(1, models.size())) {
      requireSame(
          "quality profile",
          models.get(0).card(),
          measuredOn(models.get(0)),
          other.card(),
          measuredOn(other));
    }
    PredictionContents contents = PredictionContents.of(file);
    ModelCard first = models.get(0).card();
    for (ModelCard card : cards()) {
      contents.check(card, EventFormat.of(file));
      if (contents.givesFeatures()) {
        requireSame(
            "length of the features", first, first.featuresLength(), card, card.featuresLength());
      }
    }
    LiveSettings complete = live.forModels(cards());
    CapacityRequirements.check(complete, file.commitInterval(), quality());
    return complete;
  }

  /**
   * Checks that the models see the same images and answer with the same classes, each under a name
   * of its own.
   *
   * @throws IllegalArgumentException if they cannot answer beside each other
   */
  public void requireAlike() {
    for (ModelFiles other : models.subList(1, models.size())) {
      requireAlike(models.get(0).card(), other.card());
    }
    requireNames();
  }

  /** Returns whether every model has a quality profile, all of them measured on the same images. */
  public boolean areComparable() {
    return models.stream().allMatch(model -> model.profile() != null)
        && models.stream().map(ServedFiles::measuredOn).distinct().count() == 1;
  }

  /**
   * Returns the settings completed for the models, checked for the memory of this JVM, too.
   *
   * @param file settings of the instance
   * @throws IllegalArgumentException as above, or if their batches do not fit
   */
  public LiveSettings runnable(LiveSettings live, Settings file) {
    return complete(live, file).runnable(cards(), file.runLayouts().get(0).runs());
  }

  private QualityProfile quality() {
    return QualityProfile.ofModels(
        models.stream().map(it -> QualityProfile.known(it.quality(), it.card())).toList());
  }

  private static void requireAlike(ModelCard a, ModelCard b) {
    requireSame("image size in pixels", a, a.imageSize(), b, b.imageSize());
    requireSame("resizing", a, a.resize(), b, b.resize());
    requireSame("activation", a, scores(a), b, scores(b));
    if (!a.classes().equals(b.classes())) {
      throw new IllegalArgumentException(differ("classes", a, classes(a, b), b, classes(b, a)));
    }
  }

  private static void requireSame(String what, ModelCard a, Object ofA, ModelCard b, Object ofB) {
    if (!ofA.equals(ofB)) {
      throw new IllegalArgumentException(differ(what, a, ofA, b, ofB));
    }
  }

  private static String differ(String what, ModelCard a, Object ofA, ModelCard b, Object ofB) {
    return "%s: %s and %s cannot answer beside each other: %s %s and %s"
        .formatted(Settings.MODELS_LADDER, a.name(), b.name(), what, ofA, ofB);
  }

  private static String scores(ModelCard card) {
    return card.softmax() ? "softmax" : "sigmoid";
  }

  /** Returns how many classes there are, and the first that the other one has not there. */
  private static String classes(ModelCard card, ModelCard other) {
    for (int i = 0; i < card.classes().size(); i++) {
      String name = card.classes().get(i);
      if (i >= other.classes().size() || !name.equals(other.classes().get(i))) {
        return "%d (class %d is '%s')".formatted(card.classes().size(), i, name);
      }
    }
    return Integer.toString(card.classes().size());
  }

  private static String measuredOn(ModelFiles model) {
    ProfileFile profile = model.profile();
    if (profile == null) {
      throw new IllegalArgumentException(
          ("%s: %s has no quality profile to compare its accuracy by; measure it on the images of"
                  + " the others: vmoe lab sweep --model %s --images … --out … --profile %s")
              .formatted(
                  Settings.MODELS_LADDER,
                  model.card().name(),
                  model.graph(),
                  ProfileFile.beside(model.graph())));
    }
    return "on " + profile.measuredOn();
  }

  /** Answers name their model: two of one name could not be told apart. */
  private void requireNames() {
    List<String> names = cards().stream().map(ModelCard::name).toList();
    names.stream()
        .filter(name -> names.indexOf(name) != names.lastIndexOf(name))
        .findFirst()
        .ifPresent(
            name -> {
              throw new IllegalArgumentException(
                  ("%s: two models call themselves %s, so answers would not say which one gave"
                          + " them; import one again with vmoe model import --name")
                      .formatted(Settings.MODELS_LADDER, name));
            });
  }
}

package dev.vmoe.streams.instance;

import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A model that is ready to be served, with those beside it and what belongs to them.
 *
 * @param classifiers the models by the index of an operating point, at least one, warmed up
 * @param decoder makes their input of images
 * @param controllers choose operating points by what these models cost and how good they are
 * @param fileBytes bytes of the models' files; 0 where they are not known
 * @param giveBack closes what was opened for them
 */
public record LoadedModel(
    List<BatchClassifier> classifiers,
    ImageDecoder decoder,
    ControllerFactory controllers,
    long fileBytes,
    Runnable giveBack)
    implements AutoCloseable {

  /** Copies the list. */
  public LoadedModel {
    classifiers = List.copyOf(classifiers);
  }

  /** Creates models whose files are not known. */
  public LoadedModel(
      List<BatchClassifier> classifiers,
      ImageDecoder decoder,
      ControllerFactory controllers,
      Runnable giveBack) {
    this(classifiers, decoder, controllers, 0, giveBack);
  }

  /** Creates a model that has none beside it. */
  public LoadedModel(
      BatchClassifier classifier,
      ImageDecoder decoder,
      ControllerFactory controllers,
      Runnable giveBack) {
    this(List.of(classifier), decoder, controllers, giveBack);
  }

  /** Returns how many batches may run at once. */
  int parallelRuns() {
    return classifiers.get(0).parallelRuns();
  }

  /** Returns what each model says about itself. */
  List<ModelCard> cards() {
    return classifiers.stream().map(BatchClassifier::card).toList();
  }

  /** Returns the names of the models, for people. */
  String names() {
    return cards().stream().map(ModelCard::name).collect(Collectors.joining(", "));
  }

  @Override
  public void close() {
    giveBack.run();
  }
}

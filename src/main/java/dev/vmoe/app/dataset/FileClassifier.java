package dev.vmoe.app.dataset;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.ScoredClass;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Classifies image files without Kafka: up to {@value #BATCH} files are one batch. */
public final class FileClassifier {

  /** Maximum files of a batch. */
  public static final int BATCH = 64;

  private final BatchClassifier classifier;
  private final FileDecoder files;
  private final ByteBuffer images;

  /**
   * The answer to one file: an error, or all other components.
   *
   * @param file as it was given
   * @param error why there is no answer; null if there is one
   * @param top the best five classes
   * @param logits (classes)
   * @param assigned (L, E) choices of the image's tokens before capacity
   * @param dispatched (L, E) choices that found a slot
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record FileAnswer(
      Path file,
      @Nullable String error,
      List<ScoredClass> top,
      float[] logits,
      int[][] assigned,
      int[][] dispatched) {

    static FileAnswer error(Path file, String error) {
      return new FileAnswer(file, error, List.of(), new float[0], new int[0][], new int[0][]);
    }
  }

  /**
   * Creates a classifier of files; both parts stay open.
   *
   * @param maxBytes larger files are refused unread
   */
  public FileClassifier(BatchClassifier classifier, ImageDecoder decoder, int maxBytes) {
    this.classifier = classifier;
    this.files = new FileDecoder(decoder, maxBytes);
    int size = classifier.card().imageSize();
    this.images = ByteBuffer.allocateDirect(BATCH * size * size * 3);
  }

  /**
   * Classifies these files as one batch; files that cannot be read or decoded get an error and take
   * no part in routing.
   *
   * @param files at most {@value #BATCH}
   * @return an answer for each file, in their order
   */
  public List<FileAnswer> classify(List<Path> files, RoutingSettings settings) {
    List<@Nullable String> errors = new ArrayList<>();
    int decoded = 0;
    for (Path file : files) {
      String error = decode(file, decoded);
      errors.add(error);
      decoded += error == null ? 1 : 0;
    }
    BatchResult result = decoded == 0 ? null : classifier.classify(images, decoded, settings);
    List<FileAnswer> answers = new ArrayList<>(files.size());
    int index = 0;
    for (int i = 0; i < files.size(); i++) {
      String error = errors.get(i);
      answers.add(
          error != null || result == null
              ? FileAnswer.error(files.get(i), String.valueOf(error))
              : answer(files.get(i), result, index++));
    }
    return answers;
  }

  private @Nullable String decode(Path file, int slot) {
    try {
      files.decode(file, images, slot);
      return null;
    } catch (BadImageException e) {
      return e.getMessage();
    }
  }

  private FileAnswer answer(Path file, BatchResult result, int index) {
    RoutingCounts counts = result.counts();
    float[] logits = result.logits()[index];
    return new FileAnswer(
        file,
        null,
        ScoredClass.top(classifier.card(), logits, 5),
        logits,
        byLayer(counts, counts.assigned(), index),
        byLayer(counts, counts.dispatched(), index));
  }

  private static int[][] byLayer(RoutingCounts counts, int[] values, int image) {
    int[][] layers = new int[counts.numLayers()][];
    for (int l = 0; l < layers.length; l++) {
      int from = counts.at(image, l);
      layers[l] = Arrays.copyOfRange(values, from, from + counts.numExperts());
    }
    return layers;
  }
}

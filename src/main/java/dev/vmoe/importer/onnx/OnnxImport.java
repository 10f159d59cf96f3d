package dev.vmoe.importer.onnx;

import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.GraphInput;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.importer.checkpoint.Pickle;
import dev.vmoe.importer.checkpoint.Placeholder;
import dev.vmoe.importer.convert.ClassNames;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.PixelScale;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Makes a model file of an ONNX classifier of another origin, and runs it before it is kept: what
 * the file declares may not be what it computes.
 */
public final class OnnxImport {

  /** Largest difference of a logit in a batch and alone, as a part of the largest logit. */
  private static final float TOLERANCE = 0.01f;

  /** Likewise of a score: half precision keeps a logit of 20 so that its score is off by 1 %. */
  private static final float SCORE_TOLERANCE = 0.05f;

  /** How many scores an error names. */
  private static final int NAMED = 3;

  private OnnxImport() {}

  /**
   * Writes the model file; leaves none if it cannot be served.
   *
   * @param guessed receives the settings that the file does not say, each with the words for it, by
   *     the names of {@link dev.vmoe.importer.convert.DescriptionFile}
   * @return what the file says about itself
   * @throws IOException if the source is no classifier of images that can be imported, or does not
   *     run; the message says why
   */
  public static ModelCard write(
      Path source, ImportOptions options, PixelScale pixels, Map<String, String> guessed, Path out)
      throws IOException {
    refuse(source, Placeholder.at(source));
    refuse(source, Pickle.at(source));
    ForeignClassifier classifier = ForeignClassifier.read(source);
    String description = classifier.describe();
    int size = classifier.imageSize(options.imageSize());
    options.resize().requireCovers(size);
    List<String> classes = classes(classifier, options.classes(), source);
    guessed.put("resize", "resize " + options.resize().label());
    if (classifier.guessesChannels()) {
      guessed.put("channels", "channels first");
    }
    if (classifier.scores().isEmpty()) {
      guessed.put("activation", "activation " + (options.softmax() ? "softmax" : "sigmoid"));
    }
    boolean softmax = options.softmax() && !classifier.scores().equals("Sigmoid");
    String hash =
        classifier.wrap(
            GraphInput.IMAGES.label(), GraphOutput.LOGITS.label(), size, classes.size(), pixels);
    ModelCard card =
        new ModelCard(
            options.name(),
            hash,
            classes,
            size,
            1,
            List.of(),
            0,
            0,
            options.capacityRatio(),
            softmax,
            options.resize().label(),
            description,
            options.groups(),
            0);
    Path part = out.resolveSibling(out.getFileName() + ".part");
    Path scoring = out.resolveSibling(out.getFileName() + ".scores.part");
    try {
      classifier.write(part, card.toMetadata());
      float[][] logits = check(part, card, source, classifier);
      if (!classifier.scores().isEmpty()) {
        classifier.putScoresBack();
        classifier.write(scoring, card.toMetadata());
        checkScores(scoring, logits, source, classifier.scores());
      }
      Files.move(part, out, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
      Files.deleteIfExists(scoring);
    }
    return card;
  }

  private static void refuse(Path source, Optional<String> because) throws IOException {
    if (because.isPresent()) {
      throw new IOException(source + " " + because.get());
    }
  }

  private static List<String> classes(ForeignClassifier classifier, List<String> names, Path source)
      throws IOException {
    int declared = classifier.numClasses().orElse(names.size());
    if (declared == 0) {
      throw new IOException(source + " does not say how many classes it has: give --labels");
    }
    return ClassNames.orNumbers(names, declared);
  }

  /** Returns two images of noise. */
  private static byte[] noise(int size) {
    byte[] noise = new byte[2 * size * size * 3];
    new Random(0).nextBytes(noise);
    return noise;
  }

  /**
   * Runs two images, each alone and together: no image's logits may depend on the others.
   *
   * @return the logits of both
   */
  private static float[][] check(
      Path file, ModelCard card, Path source, ForeignClassifier classifier) throws IOException {
    int size = card.imageSize();
    byte[] noise = noise(size);
    String one =
        "%s does not run on one image of %d × %d (its batch is %s)"
            .formatted(source, size, size, classifier.batch());
    String batch =
        ("%s cannot be served, for its batch of %s cannot be of any size. Export it with a free"
                + " batch axis (torch.onnx.export: dynamic_axes), in evaluation mode")
            .formatted(source, classifier.batch());
    try (VmoeSession session = open(file, source)) {
      float[][] alone = new float[2][];
      for (int i = 0; i < 2; i++) {
        byte[] image = Arrays.copyOfRange(noise, i * noise.length / 2, (i + 1) * noise.length / 2);
        alone[i] = run(session, image, 1, one)[0];
        requireLogits(alone[i], source);
      }
      if (classifier.scores().isEmpty() && areScores(alone[0]) && areScores(alone[1])) {
        throw new IOException(
            source
                + " gives scores that sum to 1, and no last softmax was found to be left out:"
                + " export it without");
      }
      float[][] together = run(session, noise, 2, batch);
      if (!close(together[0], alone[0], TOLERANCE) || !close(together[1], alone[1], TOLERANCE)) {
        throw new IOException(batch);
      }
      return together;
    }
  }

  /** Checks that a last softmax or sigmoid that is left out was one over all logits. */
  private static void checkScores(Path file, float[][] logits, Path source, String operator)
      throws IOException {
    try (VmoeSession session = open(file, source)) {
      byte[] noise = noise(session.card().imageSize());
      float[][] scores = run(session, noise, 2, source + " does not run with its " + operator);
      for (int i = 0; i < 2; i++) {
        float[] expected = scores(logits[i], operator.equals("Sigmoid"));
        if (!close(scores[i], expected, SCORE_TOLERANCE)) {
          throw new IOException(
              ("%s cannot be imported: its scores are not the %s of all %d logits, such as %s, not"
                      + " %s. Export it without")
                  .formatted(
                      source,
                      operator.toLowerCase(Locale.ROOT),
                      expected.length,
                      first(scores[i]),
                      first(expected)));
        }
      }
    }
  }

  private static float[] scores(float[] logits, boolean sigmoid) {
    float largest = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - largest);
    }
    float[] scores = new float[logits.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] =
          (float) (sigmoid ? 1 / (1 + Math.exp(-logits[i])) : Math.exp(logits[i] - largest) / sum);
    }
    return scores;
  }

  /** Returns the first few values, for people. */
  private static String first(float[] values) {
    return Arrays.toString(Arrays.copyOf(values, Math.min(values.length, NAMED)));
  }

  private static VmoeSession open(Path file, Path source) throws IOException {
    try {
      return VmoeSession.open(file, new SessionSettings(Device.CPU, 0, false, List.of()));
    } catch (InferenceException e) {
      throw failed(source + " cannot be imported", e);
    }
  }

  private static float[][] run(VmoeSession session, byte[] images, int count, String failure)
      throws IOException {
    RoutingSettings settings = new RoutingSettings(1, 1, Routing.BATCH_PRIORITY);
    ByteBuffer direct = ByteBuffer.allocateDirect(images.length).put(images);
    float[][] logits;
    try {
      logits = session.classify(direct, count, settings).logits();
    } catch (InferenceException | ClassCastException e) {
      throw failed(failure, e);
    }
    int classes = session.card().classes().size();
    if (logits.length != count) {
      throw new IOException("%s: it gives %d rows of logits".formatted(failure, logits.length));
    }
    if (logits[0].length != classes) {
      throw new IOException(
          "%s: it gives %d logits for %d classes".formatted(failure, logits[0].length, classes));
    }
    return logits;
  }

  private static IOException failed(String what, RuntimeException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return new IOException(what + ": " + cause.getMessage(), e);
  }

  private static void requireLogits(float[] logits, Path source) throws IOException {
    for (float logit : logits) {
      if (!Float.isFinite(logit)) {
        throw new IOException(
            ("%s gives a logit that is no finite number (%s) for an image of noise: check --mean,"
                    + " --std and its weights")
                .formatted(source, logit));
      }
    }
  }

  /** Returns whether values are from 0 to 1 and sum to 1, as only a softmax gives them. */
  private static boolean areScores(float[] values) {
    float sum = 0;
    for (float value : values) {
      if (value < 0 || value > 1) {
        return false;
      }
      sum += value;
    }
    return values.length > 1 && Math.abs(sum - 1) < TOLERANCE;
  }

  /** Returns whether no value differs by more than a part of the largest. */
  private static boolean close(float[] values, float[] others, float tolerance) {
    float largest = 0;
    float difference = 0;
    for (int i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(others[i]));
      difference = Math.max(difference, Math.abs(values[i] - others[i]));
    }
    return difference <= tolerance * largest;
  }
}

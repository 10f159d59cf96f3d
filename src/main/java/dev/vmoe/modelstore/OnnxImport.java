package dev.vmoe.modelstore;

import dev.vmoe.inference.Device;
import dev.vmoe.inference.InferenceException;
import dev.vmoe.inference.SessionSettings;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.model.ClassNames;
import dev.vmoe.model.ImportOptions;
import dev.vmoe.moe.GraphInput;
import dev.vmoe.moe.GraphOutput;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.onnx.ForeignClassifier;
import dev.vmoe.onnx.PixelScale;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Makes a model file of an ONNX classifier of another origin, and runs it before it is kept: what
 * the file declares may not be what it computes.
 */
public final class OnnxImport {

  /** Largest difference of a logit in a batch and alone, as a part of the largest logit. */
  private static final float TOLERANCE = 0.01f;

  private OnnxImport() {}

  /**
   * Writes the model file; leaves none if it cannot be served.
   *
   * @param guessed receives the settings that the file does not say, each with the words for it, by
   *     the names of {@link dev.vmoe.model.DescriptionFile}
   * @return what the file says about itself
   * @throws IOException if the source is no classifier of images that can be imported, or does not
   *     run; the message says why
   */
  public static ModelCard write(
      Path source, ImportOptions options, PixelScale pixels, Map<String, String> guessed, Path out)
      throws IOException {
    ForeignClassifier classifier = ForeignClassifier.read(source);
    String description = classifier.describe();
    int size = classifier.imageSize(options.imageSize());
    options.resize().requireCovers(size);
    List<String> classes = classes(classifier, options.classes(), source);
    guessed.put("resize", "resize " + options.resize().label());
    if (classifier.endsWithLogits()) {
      guessed.put("activation", "activation " + (options.softmax() ? "softmax" : "sigmoid"));
    }
    boolean softmax = options.softmax() && !classifier.endsWithSigmoid();
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
            0,
            false);
    Path part = out.resolveSibling(out.getFileName() + ".part");
    try {
      classifier.write(part, card.toMetadata());
      check(part, card, source, classifier);
      Files.move(part, out, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
    return card;
  }

  private static List<String> classes(ForeignClassifier classifier, List<String> names, Path source)
      throws IOException {
    int declared = classifier.numClasses().orElse(names.size());
    if (declared == 0) {
      throw new IOException(source + " does not say how many classes it has: give --labels");
    }
    return ClassNames.orNumbers(names, declared);
  }

  /** Runs two images, each alone and together: no image's logits may depend on the others. */
  private static void check(Path file, ModelCard card, Path source, ForeignClassifier classifier)
      throws IOException {
    int size = card.imageSize();
    byte[] noise = new byte[2 * size * size * 3];
    new Random(0).nextBytes(noise);
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
      if (classifier.endsWithLogits() && areScores(alone[0]) && areScores(alone[1])) {
        throw new IOException(
            source
                + " gives scores that sum to 1, and no last softmax was found to be left out:"
                + " export it without");
      }
      float[][] together = run(session, noise, 2, batch);
      if (!close(together[0], alone[0]) || !close(together[1], alone[1])) {
        throw new IOException(batch);
      }
    }
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

  /** Returns whether an image's logits are as good as equal in a batch and alone. */
  private static boolean close(float[] logits, float[] others) {
    float largest = 0;
    float difference = 0;
    for (int i = 0; i < logits.length; i++) {
      largest = Math.max(largest, Math.abs(others[i]));
      difference = Math.max(difference, Math.abs(logits[i] - others[i]));
    }
    return difference <= TOLERANCE * largest;
  }
}

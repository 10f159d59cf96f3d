package dev.vmoe.modelstore;

import dev.vmoe.inference.Device;
import dev.vmoe.inference.InferenceException;
import dev.vmoe.inference.SessionSettings;
import dev.vmoe.inference.VmoeSession;
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
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

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
   * @return what the file says about itself
   * @throws IOException if the source is no classifier of images that can be imported, or does not
   *     run; the message says why
   */
  public static ModelCard write(Path source, ImportOptions options, PixelScale pixels, Path out)
      throws IOException {
    ForeignClassifier classifier = ForeignClassifier.read(source);
    String description = classifier.describe();
    int size = classifier.imageSize(options.imageSize());
    options.resize().requireCovers(size);
    List<String> classes = classes(classifier, options.classes(), source);
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
            0);
    Path part = out.resolveSibling(out.getFileName() + ".part");
    try {
      classifier.write(part, card.toMetadata());
      check(part, card, source, classifier.batch());
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
    if (!names.isEmpty() && names.size() != declared) {
      throw new IOException(
          "%d labels for the %d classes of %s".formatted(names.size(), declared, source));
    }
    return names.isEmpty()
        ? IntStream.range(0, declared).mapToObj(Integer::toString).toList()
        : names;
  }

  /** Runs two images, together and each alone: no image's logits may depend on the others. */
  private static void check(Path file, ModelCard card, Path source, String batch)
      throws IOException {
    int bytes = card.imageSize() * card.imageSize() * 3;
    byte[] noise = new byte[2 * bytes];
    new Random(0).nextBytes(noise);
    String fixed =
        "%s cannot be served, for its batch of %s cannot be of any size. Export it with a free"
            + " batch axis (torch.onnx.export: dynamic_axes), in evaluation mode";
    try (VmoeSession session =
        VmoeSession.open(file, new SessionSettings(Device.CPU, 0, false, List.of()))) {
      float[][] alone = new float[2][];
      for (int i = 0; i < 2; i++) {
        alone[i] =
            run(session, ByteBuffer.allocateDirect(bytes).put(noise, i * bytes, bytes), 1)[0];
      }
      float[][] together = run(session, ByteBuffer.allocateDirect(2 * bytes).put(noise), 2);
      for (int i = 0; i < 2; i++) {
        if (together.length != 2
            || together[i].length != card.classes().size()
            || !close(together[i], alone[i])) {
          throw new IOException(fixed.formatted(source, batch));
        }
      }
    } catch (InferenceException | ClassCastException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      boolean opened = String.valueOf(e.getMessage()).startsWith("run of");
      throw new IOException(
          (opened ? fixed.formatted(source, batch) : source + " cannot be imported")
              + ": "
              + cause.getMessage(),
          e);
    }
  }

  private static float[][] run(VmoeSession session, ByteBuffer images, int count) {
    RoutingSettings settings = new RoutingSettings(1, 1, Routing.BATCH_PRIORITY);
    return session.classify(images, count, settings).logits();
  }

  /** Returns whether two images' logits are numbers and as good as equal. */
  private static boolean close(float[] logits, float[] others) {
    float largest = 0;
    float difference = 0;
    for (int i = 0; i < logits.length; i++) {
      largest = Math.max(largest, Math.abs(others[i]));
      difference = Math.max(difference, Math.abs(logits[i] - others[i]));
    }
    return Float.isFinite(largest) && difference <= TOLERANCE * largest;
  }
}

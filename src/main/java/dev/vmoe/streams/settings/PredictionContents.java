package dev.vmoe.streams.settings;

import dev.vmoe.core.moe.ModelCard;
import java.nio.charset.StandardCharsets;

/**
 * What predictions say of an image.
 *
 * @param top maximum classes, best first
 * @param givesFeatures whether they carry what the logits were made of
 * @param halves whether the features are in half precision
 */
public record PredictionContents(int top, boolean givesFeatures, boolean halves) {

  private static final String ALL = "all";
  private static final String NONE = "false";
  private static final String HALVES = "float16";

  /** Bytes that every topic of predictions has for classes and features. */
  private static final int MAX_BYTES = 240 * 1024;

  /** Bytes of a class beside its name, in Avro and in JSON. */
  private static final int AVRO_CLASS = 12;

  private static final int JSON_CLASS = 52;

  /** Returns what the settings say. */
  public static PredictionContents of(Settings settings) {
    String top = settings.getString(Settings.PREDICTIONS_TOP);
    String features = settings.getString(Settings.PREDICTIONS_FEATURES);
    return new PredictionContents(
        top.equals(ALL) ? Integer.MAX_VALUE : Integer.parseInt(top),
        !features.equals(NONE),
        features.equals(HALVES));
  }

  /**
   * Checks that a model gives what predictions are to say, and that it fits into a record.
   *
   * @throws IllegalArgumentException if not; the message says what to set
   */
  public void check(ModelCard card, EventFormat format) {
    if (givesFeatures && card.featuresLength() == 0) {
      throw new IllegalArgumentException(
          ("%s: %s gives no features. An ONNX classifier has none; import a checkpoint again that"
                  + " was imported by an older version; or set %s=false")
              .formatted(
                  Settings.PREDICTIONS_FEATURES, card.name(), Settings.PREDICTIONS_FEATURES));
    }
    long bytes = bytes(card, format == EventFormat.JSON);
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          ("%s: predictions of %s would have up to %d bytes of classes and features, and %d are"
                  + " the maximum: set fewer classes")
              .formatted(Settings.PREDICTIONS_TOP, card.name(), bytes, MAX_BYTES));
    }
  }

  private long bytes(ModelCard card, boolean json) {
    long features = givesFeatures ? (halves ? 2L : 4L) * card.featuresLength() : 0;
    int named = Math.min(top, card.classes().size());
    long names =
        card.classes().stream()
            .map(name -> -(long) name.getBytes(StandardCharsets.UTF_8).length)
            .sorted() // the longest first
            .limit(named)
            .mapToLong(length -> -length)
            .sum();
    return json
        ? (long) named * JSON_CLASS + 2 * names + features * 4 / 3
        : (long) named * AVRO_CLASS + names + features;
  }
}

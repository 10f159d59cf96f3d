package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import dev.vmoe.core.moe.ModelCard;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.config.ConfigDef.ValidString;

/**
 * What predictions say of an image.
 *
 * @param top maximum classes, best first
 * @param givesFeatures whether they carry what the logits were made of
 * @param halves whether the features are in half precision
 */
public record PredictionContents(int top, boolean givesFeatures, boolean halves) {

  public static final String TOP = "predictions.top";
  public static final String FEATURES = "predictions.features";

  private static final String ALL = "all";
  private static final String NONE = "false";
  private static final String HALVES = "float16";

  /** Bytes that every topic of predictions has for classes and features. */
  private static final int MAX_BYTES = 240 * 1024;

  /** Bytes of a class beside its name, in Avro and in JSON. */
  private static final int AVRO_CLASS = 12;

  private static final int JSON_CLASS = 52;

  static void addTo(Definitions definitions) {
    definitions
        .setting(TOP, STRING, "5", ValueCheck.matching("all|[1-9]\\d{0,6}", "1 to all"), MEDIUM)
        .means("How many classes a prediction names, best first: a number from 1, or all.")
        .setting(FEATURES, STRING, NONE, ValidString.in(NONE, "true", HALVES), MEDIUM)
        .means(
            "Whether predictions carry the vector that the model's last layer makes its scores of,"
                + " for search and transfer: true (float32), float16 or false. Its length is in"
                + " `vmoe model info`. A model without it, such as an imported ONNX classifier, is"
                + " then refused.");
  }

  /** Returns what the settings say. */
  public static PredictionContents of(Settings settings) {
    String top = settings.getString(TOP);
    String features = settings.getString(FEATURES);
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
              .formatted(FEATURES, card.name(), FEATURES));
    }
    long bytes = bytes(card, format == EventFormat.JSON);
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          ("%s: predictions of %s would have up to %d bytes of classes and features, and %d are"
                  + " the maximum: set fewer classes")
              .formatted(TOP, card.name(), bytes, MAX_BYTES));
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

package dev.vmoe.lab.sweep;

import dev.vmoe.modelstore.ProfileFile;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.output.Table;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a sweep found out about one setting: a line of {@code sweep.csv}.
 *
 * @param model name of the model
 * @param point setting
 * @param effectiveRatio capacity ratio that a batch's whole slots amount to; 0 if dense
 * @param images images classified
 * @param correct how many were right
 * @param accuracyLow lower end of the accuracy's 95 % interval
 * @param accuracyHigh upper end
 * @param minusDense accuracy less the dense twin's at the same batch size, paired by image; null
 *     without a twin, and for the twin itself
 * @param millisPerImage median over slices, in milliseconds an image
 * @param timesDense time over the dense twin's of the same slice and batch size, median over
 *     slices; null as above
 * @param processed share of token choices that found a slot, over all images and layers; 1 if dense
 */
public record SweepRow(
    String model,
    SweepPoint point,
    double effectiveRatio,
    int images,
    int correct,
    double accuracyLow,
    double accuracyHigh,
    @Nullable Difference minusDense,
    double millisPerImage,
    @Nullable Double timesDense,
    double processed) {

  /**
   * A difference of accuracies.
   *
   * @param mean the difference
   * @param low lower end of its 95 % interval
   * @param high upper end
   */
  public record Difference(double mean, double low, double high) {}

  /** Returns correct / images. */
  public double accuracy() {
    return (double) correct / images;
  }

  /** Returns the rows of one batch size as a table for people. */
  public static Table brief(List<SweepRow> rows, int batch) {
    Table table =
        new Table(
            "model",
            "K",
            "ratio",
            "accuracy",
            "low 95%",
            "high 95%",
            "- dense",
            "ms/image",
            "/ dense",
            "processed");
    for (SweepRow row : rows) {
      if (row.point.batch() == batch) {
        RoutingSettings routing = row.point.routing();
        table.add(
            routing == null ? "dense twin" : routing.routing(),
            routing == null ? null : routing.expertsPerToken(),
            routing == null ? null : routing.capacityRatio(),
            Table.decimals(row.accuracy(), 4),
            Table.decimals(row.accuracyLow, 4),
            Table.decimals(row.accuracyHigh, 4),
            row.minusDense == null ? null : Table.decimals(row.minusDense.mean(), 4),
            Table.decimals(row.millisPerImage, 3),
            row.timesDense == null ? null : Table.decimals(row.timesDense, 2),
            routing == null ? null : Table.decimals(100 * row.processed, 1) + "%");
      }
    }
    return table;
  }

  /** Returns the rows as a table with every figure. */
  public static Table table(List<SweepRow> rows) {
    Table table =
        new Table(
            "model",
            "routing",
            "experts_per_token",
            "capacity_ratio",
            "effective_ratio",
            "batch",
            "images",
            "correct",
            "accuracy",
            "low_95",
            "high_95",
            "minus_dense",
            "minus_dense_low_95",
            "minus_dense_high_95",
            "ms_per_image",
            "times_dense",
            "processed");
    for (SweepRow row : rows) {
      RoutingSettings routing = row.point.routing();
      Difference difference = row.minusDense;
      table.add(
          row.model,
          routing == null ? null : routing.routing(),
          routing == null ? null : routing.expertsPerToken(),
          routing == null ? null : routing.capacityRatio(),
          routing == null ? null : Table.decimals(row.effectiveRatio, 3),
          row.point.batch(),
          row.images,
          row.correct,
          Table.decimals(row.accuracy(), 4),
          Table.decimals(row.accuracyLow, 4),
          Table.decimals(row.accuracyHigh, 4),
          difference == null ? null : Table.decimals(difference.mean(), 4),
          difference == null ? null : Table.decimals(difference.low(), 4),
          difference == null ? null : Table.decimals(difference.high(), 4),
          Table.decimals(row.millisPerImage, 4),
          row.timesDense == null ? null : Table.decimals(row.timesDense, 3),
          routing == null ? null : Table.decimals(row.processed, 4));
    }
    return table;
  }

  /** Returns the profile of these rows, the dense twin's left out. */
  public static ProfileFile profile(
      ModelCard card, String set, long seed, String command, List<SweepRow> rows) {
    List<ProfileFile.Measurement> measurements = new ArrayList<>();
    int images = 0;
    for (SweepRow row : rows) {
      RoutingSettings routing = row.point().routing();
      if (routing != null) {
        images = row.images();
        measurements.add(
            new ProfileFile.Measurement(
                routing.routing().label(),
                routing.expertsPerToken(),
                routing.capacityRatio(),
                row.point().batch(),
                row.accuracy()));
      }
    }
    return new ProfileFile(
        card.name(), card.weightsHash(), set, images, seed, command, measurements);
  }
}

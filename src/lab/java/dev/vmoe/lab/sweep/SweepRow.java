package dev.vmoe.lab.sweep;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.streams.models.ProfileFile;
import dev.vmoe.streams.output.Table;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a sweep or an evaluation found out about one setting: a line of {@code sweep.csv}.
 *
 * @param model name of the model
 * @param point setting
 * @param effectiveRatio capacity ratio that a batch's whole slots amount to; 0 for the dense twin
 * @param images images classified
 * @param correct how many were right
 * @param accuracyInterval accuracy with its 95 % interval
 * @param minusDense accuracy less the dense twin's at the same batch size, paired by image; null
 *     without a twin, and for the twin itself
 * @param millisPerImage time of the model alone, in milliseconds an image
 * @param timesDense time over the dense twin's of the same slice and batch size; null as above
 * @param processed share of token choices that found a slot, over all images and layers; 1 if dense
 */
public record SweepRow(
    String model,
    SweepPoint point,
    double effectiveRatio,
    int images,
    int correct,
    Interval accuracyInterval,
    @Nullable Interval minusDense,
    double millisPerImage,
    @Nullable Double timesDense,
    double processed) {

  /** Returns correct / images. */
  public double accuracy() {
    return (double) correct / images;
  }

  /** Returns the rows of one batch size as a table for people. */
  public static Table brief(List<SweepRow> rows, int batch) {
    return new Columns<SweepRow>()
        .add("model", row -> row.point.isDense() ? "dense twin" : row.point.settings().routing())
        .add("K", ofRouting(RoutingSettings::expertsPerToken))
        .add("ratio", ofRouting(RoutingSettings::capacityRatio))
        .add("accuracy", 4, SweepRow::accuracy)
        .add("low 95%", 4, row -> row.accuracyInterval.low())
        .add("high 95%", 4, row -> row.accuracyInterval.high())
        .add("- dense", 4, ofDifference(Interval::mean))
        .add("ms/image", 3, SweepRow::millisPerImage)
        .add("/ dense", 2, SweepRow::timesDense)
        .addShare("processed", 1, SweepRow::processedOrNull)
        .table(rows.stream().filter(row -> row.point.batch() == batch).toList());
  }

  /** Returns the rows as a table with every figure. */
  public static Table table(List<SweepRow> rows) {
    return new Columns<SweepRow>()
        .add("model", SweepRow::model)
        .add("routing", ofRouting(RoutingSettings::routing))
        .add("experts_per_token", ofRouting(RoutingSettings::expertsPerToken))
        .add("capacity_ratio", ofRouting(RoutingSettings::capacityRatio))
        .add("effective_ratio", 3, row -> row.point.isDense() ? null : row.effectiveRatio)
        .add("batch", row -> row.point.batch())
        .add("images", SweepRow::images)
        .add("correct", SweepRow::correct)
        .add("accuracy", 4, SweepRow::accuracy)
        .add("low_95", 4, row -> row.accuracyInterval.low())
        .add("high_95", 4, row -> row.accuracyInterval.high())
        .add("minus_dense", 4, ofDifference(Interval::mean))
        .add("minus_dense_low_95", 4, ofDifference(Interval::low))
        .add("minus_dense_high_95", 4, ofDifference(Interval::high))
        .add("ms_per_image", 4, SweepRow::millisPerImage)
        .add("times_dense", 3, SweepRow::timesDense)
        .add("processed", 4, SweepRow::processedOrNull)
        .table(rows);
  }

  private @Nullable Double processedOrNull() {
    return point.isDense() ? null : (Double) processed;
  }

  private static Function<SweepRow, @Nullable Object> ofRouting(
      Function<RoutingSettings, Object> figure) {
    return row -> row.point.routing() == null ? null : figure.apply(row.point.settings());
  }

  /** Returns a figure of the difference to the dense twin; null where there is none. */
  public static Function<SweepRow, @Nullable Double> ofDifference(
      Function<Interval, Double> figure) {
    return row -> row.minusDense == null ? null : figure.apply(row.minusDense);
  }

  /** Returns the profile of these rows, the dense twin's left out. */
  public static ProfileFile profile(
      ModelCard card, String set, long seed, String command, List<SweepRow> rows) {
    List<SweepRow> sparse = rows.stream().filter(row -> !row.point.isDense()).toList();
    return new ProfileFile(
        card.name(),
        card.weightsHash(),
        set,
        sparse.isEmpty() ? 0 : sparse.get(sparse.size() - 1).images(),
        seed,
        command,
        sparse.stream().map(SweepRow::measurement).toList());
  }

  private ProfileFile.MeasuredAccuracy measurement() {
    RoutingSettings routing = point.settings();
    return new ProfileFile.MeasuredAccuracy(
        routing.routing().label(),
        routing.expertsPerToken(),
        routing.capacityRatio(),
        point.batch(),
        accuracy());
  }
}

package dev.vmoe.lab.sweep;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Adds up the slices of each setting: one row a setting. */
public final class SweepSummary {

  private SweepSummary() {}

  /**
   * Returns a row for every setting that has runs.
   *
   * @param points settings in the order of the rows
   * @param model name of the V-MoE
   * @param twin name of the dense twin; null without one
   */
  public static List<SweepRow> of(
      List<SweepPoint> points,
      List<SweepRun> runs,
      String model,
      @Nullable String twin,
      Statistics statistics) {
    Map<SweepPoint, List<SweepRun>> byPoint = new LinkedHashMap<>();
    points.forEach(point -> byPoint.put(point, new ArrayList<>()));
    runs.forEach(run -> byPoint.computeIfAbsent(run.point(), p -> new ArrayList<>()).add(run));
    List<SweepRow> rows = new ArrayList<>();
    byPoint.forEach(
        (point, own) -> {
          if (!own.isEmpty()) {
            List<SweepRun> dense = byPoint.getOrDefault(SweepPoint.dense(point.batch()), List.of());
            String name = point.isDense() && twin != null ? twin : model;
            rows.add(row(name, point, own, point.isDense() ? List.of() : dense, statistics));
          }
        });
    return rows;
  }

  private static SweepRow row(
      String model,
      SweepPoint point,
      List<SweepRun> own,
      List<SweepRun> dense,
      Statistics statistics) {
    int images = own.stream().mapToInt(SweepRun::images).sum();
    int correct = own.stream().mapToInt(run -> run.correct().cardinality()).sum();
    long assigned = own.stream().mapToLong(SweepRun::assigned).sum();
    long dispatched = own.stream().mapToLong(SweepRun::dispatched).sum();
    Map<Integer, SweepRun> twins = new HashMap<>();
    dense.forEach(run -> twins.put(run.slice(), run));
    List<SweepRun> paired = own.stream().filter(run -> twins.containsKey(run.slice())).toList();
    return new SweepRow(
        model,
        point,
        own.get(0).effectiveRatio(),
        images,
        correct,
        statistics.difference(correct, 0, images),
        paired.isEmpty() ? null : difference(paired, twins, statistics),
        overSlices(own, SweepRun::millisPerImage, statistics),
        timesDense(paired, twins, statistics),
        assigned == 0 ? 1 : (double) dispatched / assigned);
  }

  private static Interval difference(
      List<SweepRun> paired, Map<Integer, SweepRun> twins, Statistics statistics) {
    int gained = 0;
    int lost = 0;
    int images = 0;
    for (SweepRun run : paired) {
      SweepRun twin = twins.get(run.slice());
      gained += countMinus(run.correct(), twin.correct());
      lost += countMinus(twin.correct(), run.correct());
      images += run.images();
    }
    return statistics.difference(gained, lost, images);
  }

  private static @Nullable Double timesDense(
      List<SweepRun> paired, Map<Integer, SweepRun> twins, Statistics statistics) {
    List<SweepRun> timed =
        paired.stream().filter(run -> twins.get(run.slice()).millisPerImage() > 0).toList();
    return timed.isEmpty()
        ? null
        : overSlices(
            timed,
            run -> run.millisPerImage() / twins.get(run.slice()).millisPerImage(),
            statistics);
  }

  private static double overSlices(
      List<SweepRun> runs, ToDoubleFunction<SweepRun> figure, Statistics statistics) {
    return statistics.overSlices(
        runs.stream().mapToDouble(figure).toArray(),
        runs.stream().mapToInt(SweepRun::images).toArray());
  }

  private static int countMinus(BitSet left, BitSet right) {
    BitSet difference = (BitSet) left.clone();
    difference.andNot(right);
    return difference.cardinality();
  }
}

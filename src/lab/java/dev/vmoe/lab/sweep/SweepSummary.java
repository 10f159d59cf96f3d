package dev.vmoe.lab.sweep;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
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
    List<RunPair> pairs = pairs(own, dense);
    return new SweepRow(
        model,
        point,
        own.get(0).effectiveRatio(),
        images,
        correct,
        statistics.difference(correct, 0, images),
        pairs.isEmpty() ? null : difference(pairs, statistics),
        overSlices(own, SweepRun::millisPerImage, SweepRun::images, statistics),
        timesDense(pairs, statistics),
        assigned == 0 ? 1 : (double) dispatched / assigned);
  }

  /** A run and that of the dense twin on the same slice. */
  private record RunPair(SweepRun own, SweepRun twin) {}

  private static List<RunPair> pairs(List<SweepRun> own, List<SweepRun> dense) {
    Map<Integer, SweepRun> twins = new HashMap<>();
    dense.forEach(run -> twins.put(run.slice(), run));
    List<RunPair> pairs = new ArrayList<>();
    for (SweepRun run : own) {
      SweepRun twin = twins.get(run.slice());
      if (twin != null) {
        pairs.add(new RunPair(run, twin));
      }
    }
    return pairs;
  }

  private static Interval difference(List<RunPair> pairs, Statistics statistics) {
    int gained = 0;
    int lost = 0;
    int images = 0;
    for (RunPair pair : pairs) {
      gained += countMinus(pair.own.correct(), pair.twin.correct());
      lost += countMinus(pair.twin.correct(), pair.own.correct());
      images += pair.own.images();
    }
    return statistics.difference(gained, lost, images);
  }

  private static @Nullable Double timesDense(List<RunPair> pairs, Statistics statistics) {
    List<RunPair> timed = pairs.stream().filter(it -> it.twin.millisPerImage() > 0).toList();
    return timed.isEmpty()
        ? null
        : overSlices(
            timed,
            it -> it.own.millisPerImage() / it.twin.millisPerImage(),
            it -> it.own.images(),
            statistics);
  }

  private static <T> double overSlices(
      List<T> slices, ToDoubleFunction<T> figure, ToIntFunction<T> images, Statistics statistics) {
    return statistics.overSlices(
        slices.stream().mapToDouble(figure).toArray(), slices.stream().mapToInt(images).toArray());
  }

  private static int countMinus(BitSet left, BitSet right) {
    BitSet difference = (BitSet) left.clone();
    difference.andNot(right);
    return difference.cardinality();
  }
}

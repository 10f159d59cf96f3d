package dev.vmoe.lab.sweep;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Adds the slices of a sweep up: one row a setting. */
public final class SweepSummary {

  private SweepSummary() {}

  /**
   * Returns a row for every setting that has runs, in the plan's order.
   *
   * @param model name of the V-MoE
   * @param twin name of the dense twin; null without one
   * @param seed seed of the bootstrap
   */
  public static List<SweepRow> of(
      SweepPlan plan, List<SweepRun> runs, String model, @Nullable String twin, long seed) {
    Map<SweepPoint, List<SweepRun>> byPoint = new LinkedHashMap<>();
    plan.points().forEach(point -> byPoint.put(point, new ArrayList<>()));
    runs.forEach(run -> byPoint.computeIfAbsent(run.point(), p -> new ArrayList<>()).add(run));
    List<SweepRow> rows = new ArrayList<>();
    byPoint.forEach(
        (point, own) -> {
          if (!own.isEmpty()) {
            List<SweepRun> dense = byPoint.getOrDefault(SweepPoint.dense(point.batch()), List.of());
            String name = point.isDense() && twin != null ? twin : model;
            rows.add(row(name, point, own, dense, seed));
          }
        });
    return rows;
  }

  private static SweepRow row(
      String model, SweepPoint point, List<SweepRun> own, List<SweepRun> dense, long seed) {
    int images = own.stream().mapToInt(SweepRun::images).sum();
    int correct = own.stream().mapToInt(run -> run.correct().cardinality()).sum();
    long assigned = own.stream().mapToLong(SweepRun::assigned).sum();
    long dispatched = own.stream().mapToLong(SweepRun::dispatched).sum();
    Bootstrap.Interval interval = Bootstrap.ofShare(correct, images, seed);
    boolean paired = !point.isDense() && !dense.isEmpty();
    return new SweepRow(
        model,
        point,
        own.get(0).effectiveRatio(),
        images,
        correct,
        interval.low(),
        interval.high(),
        paired ? difference(own, dense, seed) : null,
        Sweep.median(own.stream().map(SweepRun::millisPerImage).toList()),
        paired ? timesDense(own, dense) : null,
        assigned == 0 ? 1 : (double) dispatched / assigned);
  }

  private static SweepRow.@Nullable Difference difference(
      List<SweepRun> own, List<SweepRun> dense, long seed) {
    Map<Integer, SweepRun> twins = bySlice(dense);
    int gained = 0;
    int lost = 0;
    int images = 0;
    for (SweepRun run : own) {
      SweepRun twin = twins.get(run.slice());
      if (twin != null) {
        gained += countMinus(run.correct(), twin.correct());
        lost += countMinus(twin.correct(), run.correct());
        images += run.images();
      }
    }
    if (images == 0) {
      return null;
    }
    Bootstrap.Interval interval = Bootstrap.ofDifference(gained, lost, images, seed);
    return new SweepRow.Difference(
        (double) (gained - lost) / images, interval.low(), interval.high());
  }

  private static @Nullable Double timesDense(List<SweepRun> own, List<SweepRun> dense) {
    Map<Integer, SweepRun> twins = bySlice(dense);
    List<Double> ratios = new ArrayList<>();
    for (SweepRun run : own) {
      SweepRun twin = twins.get(run.slice());
      if (twin != null && twin.millisPerImage() > 0) {
        ratios.add(run.millisPerImage() / twin.millisPerImage());
      }
    }
    return ratios.isEmpty() ? null : Sweep.median(ratios);
  }

  private static Map<Integer, SweepRun> bySlice(List<SweepRun> runs) {
    Map<Integer, SweepRun> bySlice = new HashMap<>();
    runs.forEach(run -> bySlice.put(run.slice(), run));
    return bySlice;
  }

  private static int countMinus(BitSet left, BitSet right) {
    BitSet difference = (BitSet) left.clone();
    difference.andNot(right);
    return difference.cardinality();
  }
}

package dev.vmoe.batch;

import dev.vmoe.capacity.CostModel;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.capacity.RunTime;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntConsumer;

/**
 * Measures how long runs take on the device in use: operating points × batch sizes, in rounds over
 * the whole grid, so that a bad moment of the machine is shared out; the median of each counts.
 *
 * <p>Where the budget does not last for one round, what is measured is spread over the grid: for
 * each K first the smallest and the largest ratio at the smallest and the largest batch (always
 * measured, however long it takes), then the ratios between them, halving the distance each time,
 * then the other batch sizes. The rest is interpolated: over the ratios of the same K and batch
 * size, and, by the model itself, over batch sizes. {@link Result#measured()} says how much is
 * real.
 *
 * <p>Noise instead of photographs routes differently, and so costs differently where tokens are
 * dropped or experts are unevenly loaded: give it images where there are some. What is left is for
 * the cost model to learn from real runs.
 */
public final class CostSurvey {

  /** More rounds than this change no median worth the time. */
  private static final int MOST_ROUNDS = 15;

  /**
   * What came out.
   *
   * @param cost the model of cost
   * @param measured cells of the grid that were measured, at least once
   * @param cells cells of the grid
   * @param rounds whole rounds over the grid, 0 if part of it is interpolated
   */
  public record Result(CostModel cost, int measured, int cells, int rounds) {}

  /** A cell of the grid. */
  private record Cell(OperatingPoint point, int images) {}

  private final BatchClassifier classifier;
  private final Routing routing;
  private final ByteBuffer images;
  private final Map<Cell, List<Long>> times = new HashMap<>();
  private long spentNanos;

  /**
   * Creates a survey.
   *
   * @param classifier model to measure
   * @param routing routing of every run
   * @param images (B, H, W, 3) uint8, raw RGB, a direct buffer of as many images as the largest
   *     batch; {@link #noise} where there is nothing better
   */
  public CostSurvey(BatchClassifier classifier, Routing routing, ByteBuffer images) {
    this.classifier = classifier;
    this.routing = routing;
    this.images = images;
  }

  /**
   * Returns random images.
   *
   * @param card model they are for
   * @param count how many
   * @param seed the same seed gives the same images
   */
  public static ByteBuffer noise(ModelCard card, int count, long seed) {
    int imageBytes = card.imageSize() * card.imageSize() * 3;
    byte[] bytes = new byte[Math.multiplyExact(imageBytes, count)];
    new Random(seed).nextBytes(bytes);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  /**
   * Returns the batch sizes to measure: 1, 8, 32 and the largest, without those beyond it.
   *
   * @param maxImages images of a full batch
   */
  public static List<Integer> batchSizes(int maxImages) {
    Set<Integer> sizes = new TreeSet<>(List.of(1, 8, 32, maxImages));
    sizes.removeIf(size -> size > maxImages);
    return List.copyOf(sizes);
  }

  /**
   * Measures.
   *
   * @param points operating points, at least one, within the model's bounds
   * @param batchSizes numbers of images, at least one
   * @param budget time for all runs together; what must be measured is measured even beyond it
   * @param percentDone told how much of the budget or of the work is done, whichever is more
   */
  public Result measure(
      List<OperatingPoint> points,
      List<Integer> batchSizes,
      Duration budget,
      IntConsumer percentDone) {
    List<Integer> sizes = batchSizes.stream().distinct().sorted().toList();
    List<Cell> cells = inOrderOfNeed(points, sizes);
    int needed = (int) cells.stream().filter(cell -> mustMeasure(cell, points, sizes)).count();
    long budgetNanos = budget.toNanos();
    int runs = 0;
    int rounds = 0;
    run(cells.get(needed - 1)); // unrecorded: the first run of a size pays for its memory
    while (rounds < MOST_ROUNDS && (runs < needed || spentNanos < budgetNanos)) {
      for (Cell cell : cells) {
        if (runs >= needed && spentNanos >= budgetNanos) {
          break;
        }
        times.computeIfAbsent(cell, any -> new ArrayList<>()).add(run(cell));
        runs++;
        percentDone.accept(percent(runs, cells.size(), budgetNanos));
      }
      if (runs % cells.size() == 0) {
        rounds++;
      }
      if (rounds > 0) {
        Collections.shuffle(cells, new Random(rounds)); // no cell is always behind the same one
      }
    }
    int measured = times.size();
    return new Result(new CostModel(grid(points, sizes)), measured, cells.size(), rounds);
  }

  private int percent(int runs, int cells, long budgetNanos) {
    long ofWork = 100L * runs / ((long) cells * MOST_ROUNDS);
    long ofBudget = budgetNanos == 0 ? 0 : 100 * spentNanos / budgetNanos;
    return (int) Math.min(100, Math.max(ofWork, ofBudget));
  }

  private long run(Cell cell) {
    OperatingPoint point = cell.point();
    RoutingSettings settings =
        new RoutingSettings(point.capacityRatio(), point.expertsPerToken(), routing);
    long nanos = classifier.classify(images, cell.images(), settings).inferenceNanos();
    spentNanos += nanos;
    return nanos;
  }

  private static List<Cell> inOrderOfNeed(List<OperatingPoint> points, List<Integer> sizes) {
    List<OperatingPoint> byNeed = new ArrayList<>();
    Map<Integer, List<OperatingPoint>> byExperts = new TreeMap<>();
    for (OperatingPoint point : new LinkedHashSet<>(points)) {
      byExperts.computeIfAbsent(point.expertsPerToken(), k -> new ArrayList<>()).add(point);
    }
    List<List<OperatingPoint>> spread =
        byExperts.values().stream().map(CostSurvey::spread).toList();
    int longest = spread.stream().mapToInt(List::size).max().orElseThrow();
    for (int i = 0; i < longest; i++) {
      for (List<OperatingPoint> sameExperts : spread) {
        if (i < sameExperts.size()) {
          byNeed.add(sameExperts.get(i));
        }
      }
    }
    Set<Cell> cells = new LinkedHashSet<>();
    for (List<OperatingPoint> sameExperts : spread) {
      for (OperatingPoint end : sameExperts.subList(0, Math.min(2, sameExperts.size()))) {
        cells.add(new Cell(end, sizes.get(0)));
        cells.add(new Cell(end, sizes.get(sizes.size() - 1)));
      }
    }
    for (int size = sizes.size() - 1; size >= 0; size--) { // full batches decide on throughput
      for (OperatingPoint point : byNeed) {
        cells.add(new Cell(point, sizes.get(size)));
      }
    }
    return new ArrayList<>(cells);
  }

  /** Returns points of one K in the order ends, middle, quarters, … of their ratios. */
  private static List<OperatingPoint> spread(List<OperatingPoint> points) {
    List<OperatingPoint> sorted = new ArrayList<>(points);
    sorted.sort(Comparator.comparingDouble(OperatingPoint::capacityRatio));
    Set<OperatingPoint> spread = new LinkedHashSet<>();
    spread.add(sorted.get(0));
    spread.add(sorted.get(sorted.size() - 1));
    for (int parts = 2; spread.size() < sorted.size(); parts *= 2) {
      for (int part = 1; part < parts; part++) {
        spread.add(sorted.get((int) ((long) (sorted.size() - 1) * part / parts)));
      }
    }
    return new ArrayList<>(spread);
  }

  /** Whether a cell is at the ends of the grid, between which the rest can be interpolated. */
  private static boolean mustMeasure(Cell cell, List<OperatingPoint> points, List<Integer> sizes) {
    boolean endOfSizes =
        cell.images() == sizes.get(0) || cell.images() == sizes.get(sizes.size() - 1);
    List<Double> ratios =
        points.stream()
            .filter(point -> point.expertsPerToken() == cell.point().expertsPerToken())
            .map(OperatingPoint::capacityRatio)
            .toList();
    double ratio = cell.point().capacityRatio();
    return endOfSizes && (ratio == Collections.min(ratios) || ratio == Collections.max(ratios));
  }

  /** The medians, with gaps in the ratios filled; a size at which a K has too few is left out. */
  private List<RunTime> grid(List<OperatingPoint> points, List<Integer> sizes) {
    List<RunTime> grid = new ArrayList<>();
    for (int size : sizes) {
      for (OperatingPoint point : new LinkedHashSet<>(points)) {
        OptionalDouble nanos = nanos(point, size, points);
        nanos.ifPresent(value -> grid.add(new RunTime(point, size, Math.round(value))));
      }
    }
    return grid;
  }

  private OptionalDouble nanos(OperatingPoint point, int size, List<OperatingPoint> points) {
    OptionalDouble median = median(new Cell(point, size));
    if (median.isPresent()) {
      return median;
    }
    TreeMap<Double, Double> byRatio = new TreeMap<>();
    for (OperatingPoint other : points) {
      if (other.expertsPerToken() == point.expertsPerToken()) {
        median(new Cell(other, size)).ifPresent(value -> byRatio.put(other.capacityRatio(), value));
      }
    }
    Map.Entry<Double, Double> below = byRatio.floorEntry(point.capacityRatio());
    Map.Entry<Double, Double> above = byRatio.ceilingEntry(point.capacityRatio());
    if (below == null || above == null) {
      return OptionalDouble.empty();
    }
    double part = (point.capacityRatio() - below.getKey()) / (above.getKey() - below.getKey());
    return OptionalDouble.of(below.getValue() + part * (above.getValue() - below.getValue()));
  }

  private OptionalDouble median(Cell cell) {
    List<Long> measured = times.get(cell);
    if (measured == null) {
      return OptionalDouble.empty();
    }
    long[] sorted = measured.stream().mapToLong(Long::longValue).sorted().toArray();
    int middle = sorted.length / 2;
    return OptionalDouble.of(
        sorted.length % 2 == 1
            ? sorted[middle]
            : (sorted[middle - 1] + (double) sorted[middle]) / 2);
  }
}

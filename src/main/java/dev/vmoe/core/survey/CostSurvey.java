package dev.vmoe.core.survey;

import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.RunTime;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures how long runs take on the device in use: operating points × batch sizes, in rounds over
 * the whole grid, so that a bad moment of the machine is shared out. Through the medians of each
 * batch size goes a {@link RunTimeLine}, on which the cost of every operating point lies.
 *
 * <p>Where the budget does not last for one round, what is measured is spread over the grid: for
 * each K first the smallest and the largest ratio at the smallest and the largest batch (always
 * measured, however long it takes), then the ratios between them, halving the distance each time,
 * then the other batch sizes. Between batch sizes the model itself interpolates. {@link
 * Surveyed#measured()} says how much was measured.
 *
 * <p>Where the times do not clearly say that more work takes more time, something else had the
 * processors, and all points might seem to cost the same. Then the budget is spent again, up to
 * {@value #MAX_BUDGETS} times.
 *
 * <p>Noise in place of photographs leaves experts unevenly loaded, so that at high ratios they get
 * about half the rows that images of the model's own kind bring. What it costs is therefore read
 * off the line at the rows of evenly loaded experts. What is left is for the cost model to learn
 * from real runs.
 */
public final class CostSurvey {

  private static final Logger log = LoggerFactory.getLogger(CostSurvey.class);

  /** Further rounds hardly change a median. */
  private static final int MAX_ROUNDS = 15;

  /** Budgets that are spent where the times of one make no sense. */
  private static final int MAX_BUDGETS = 3;

  /**
   * The result of a survey.
   *
   * @param cost the model of cost
   * @param measured cells of the grid that were measured, at least once
   * @param cells cells of the grid
   * @param rounds whole rounds over the grid, 0 if part of it was not measured
   * @param clear whether more work clearly takes more time, or need not
   */
  public record Surveyed(CostModel cost, int measured, int cells, int rounds, boolean clear) {}

  private record GridCell(OperatingPoint point, int images) {}

  /**
   * A run of a cell.
   *
   * @param rows that experts computed, over all MoE layers
   */
  private record CellRun(long nanos, double rows) {}

  private final BatchClassifier classifier;
  private final Routing routing;
  private final ByteBuffer images;
  private final Map<GridCell, List<CellRun>> runs = new HashMap<>();
  private long spentNanos;

  /** Creates a survey of random images; the same seed gives the same ones. */
  public CostSurvey(BatchClassifier classifier, Routing routing, int maxImages, long seed) {
    this.classifier = classifier;
    this.routing = routing;
    this.images = noise(classifier.card(), maxImages, seed);
  }

  /** Returns random images, (count, H, W, 3) uint8. */
  static ByteBuffer noise(ModelCard card, int count, long seed) {
    int imageBytes = card.imageSize() * card.imageSize() * 3;
    byte[] bytes = new byte[Math.multiplyExact(imageBytes, count)];
    new Random(seed).nextBytes(bytes);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  /** Returns the batch sizes to measure: 1, 8, 32 and the largest, without those beyond it. */
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
  public Surveyed measure(
      List<OperatingPoint> points,
      List<Integer> batchSizes,
      Duration budget,
      IntConsumer percentDone) {
    try (RunsAtOnce atOnce = new RunsAtOnce(classifier.parallelRuns())) {
      return measure(points, batchSizes, budget, percentDone, atOnce);
    }
  }

  private Surveyed measure(
      List<OperatingPoint> points,
      List<Integer> batchSizes,
      Duration budget,
      IntConsumer percentDone,
      RunsAtOnce atOnce) {
    List<Integer> sizes = batchSizes.stream().distinct().sorted().toList();
    List<List<OperatingPoint>> spread = spreadByExperts(points);
    Set<GridCell> ends = endsOfTheGrid(spread, sizes);
    List<GridCell> cells = inOrderOfNeed(ends, spread, sizes);
    int needed = ends.size();
    long budgetNanos = budget.toNanos();
    int done = 0;
    int rounds = 0;
    run(cells.get(needed - 1), atOnce); // unrecorded: the first run of a size pays for its memory
    long allowedNanos = budgetNanos;
    while (rounds < MAX_ROUNDS && (done < needed || spentNanos < allowedNanos)) {
      for (GridCell cell : cells) {
        if (done >= needed && spentNanos >= allowedNanos) {
          break;
        }
        runs.computeIfAbsent(cell, any -> new ArrayList<>()).add(run(cell, atOnce));
        done++;
        percentDone.accept(percent(done, cells.size(), budgetNanos));
      }
      if (done % cells.size() == 0) {
        rounds++;
      }
      if (spentNanos >= allowedNanos
          && allowedNanos < MAX_BUDGETS * budgetNanos
          && !tellsWorkApart(sizes.get(sizes.size() - 1))) {
        allowedNanos += budgetNanos;
        log.info("more work does not clearly take more time: measuring longer");
      }
      if (rounds > 0) {
        Collections.shuffle(cells, new Random(rounds)); // no cell is always behind the same one
      }
    }
    int measured = runs.size();
    return new Surveyed(
        new CostModel(grid(points, sizes), classifier.parallelRuns()),
        measured,
        cells.size(),
        rounds,
        tellsWorkApart(sizes.get(sizes.size() - 1)));
  }

  /** On a GPU, full slots may really take as long as few. */
  private boolean tellsWorkApart(int size) {
    return classifier.computesAllSlots() || RunTimeLine.through(measured(size)).rises();
  }

  private int percent(int done, int cells, long budgetNanos) {
    long ofWork = 100L * done / ((long) cells * MAX_ROUNDS);
    long ofBudget = budgetNanos == 0 ? 0 : 100 * spentNanos / budgetNanos;
    return (int) Math.min(100, Math.max(ofWork, ofBudget));
  }

  private CellRun run(GridCell cell, RunsAtOnce atOnce) {
    OperatingPoint point = cell.point();
    RoutingSettings settings =
        new RoutingSettings(point.capacityRatio(), point.expertsPerToken(), routing);
    List<BatchResult> results =
        atOnce.run(() -> classifier.classify(images, cell.images(), settings));
    BatchResult result = results.get(0);
    long nanos =
        Math.round(results.stream().mapToLong(BatchResult::inferenceNanos).average().orElseThrow());
    spentNanos += nanos;
    double rows =
        classifier.computesAllSlots()
            ? rows(cell)
            : Arrays.stream(result.counts().dispatched()).asLongStream().sum();
    return new CellRun(nanos, rows);
  }

  /** Returns the points of each K in turn, spread over their ratios. */
  private static List<List<OperatingPoint>> spreadByExperts(List<OperatingPoint> points) {
    Map<Integer, List<OperatingPoint>> byExperts = new TreeMap<>();
    for (OperatingPoint point : new LinkedHashSet<>(points)) {
      byExperts.computeIfAbsent(point.expertsPerToken(), k -> new ArrayList<>()).add(point);
    }
    return byExperts.values().stream().map(CostSurvey::spread).toList();
  }

  /** Returns the cells at the ends of the grid, where a line is known best by two points. */
  private static Set<GridCell> endsOfTheGrid(
      List<List<OperatingPoint>> spread, List<Integer> sizes) {
    Set<GridCell> ends = new LinkedHashSet<>();
    for (List<OperatingPoint> sameExperts : spread) {
      for (OperatingPoint end : sameExperts.subList(0, Math.min(2, sameExperts.size()))) {
        ends.add(new GridCell(end, sizes.get(0)));
        ends.add(new GridCell(end, sizes.get(sizes.size() - 1)));
      }
    }
    return ends;
  }

  private static List<GridCell> inOrderOfNeed(
      Set<GridCell> ends, List<List<OperatingPoint>> spread, List<Integer> sizes) {
    Set<GridCell> cells = new LinkedHashSet<>(ends);
    int longest = spread.stream().mapToInt(List::size).max().orElseThrow();
    for (int size = sizes.size() - 1; size >= 0; size--) { // full batches decide on throughput
      for (int i = 0; i < longest; i++) {
        for (List<OperatingPoint> sameExperts : spread) {
          if (i < sameExperts.size()) {
            cells.add(new GridCell(sameExperts.get(i), sizes.get(size)));
          }
        }
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

  /** What lies on the lines; a size at which nothing of a K was measured is left out. */
  private List<RunTime> grid(List<OperatingPoint> points, List<Integer> sizes) {
    List<RunTime> grid = new ArrayList<>();
    for (int size : sizes) {
      RunTimeLine line = RunTimeLine.through(measured(size));
      for (OperatingPoint point : new LinkedHashSet<>(points)) {
        line.nanos(point.expertsPerToken(), rows(new GridCell(point, size)))
            .ifPresent(nanos -> grid.add(new RunTime(point, size, Math.round(nanos))));
      }
    }
    return grid;
  }

  private List<RunTimeLine.MeasuredTime> measured(int size) {
    List<RunTimeLine.MeasuredTime> measured = new ArrayList<>();
    runs.forEach(
        (cell, all) -> {
          if (cell.images() == size) {
            measured.add(
                new RunTimeLine.MeasuredTime(
                    cell.point().expertsPerToken(), all.get(0).rows(), median(all)));
          }
        });
    return measured;
  }

  /** Rows that evenly loaded experts compute, over all MoE layers. */
  private double rows(GridCell cell) {
    ModelCard card = classifier.card();
    double slots =
        (double) card.numLayers()
            * card.numExperts()
            * card.slots(
                cell.images(), cell.point().expertsPerToken(), cell.point().capacityRatio());
    double choices =
        (double) card.numLayers()
            * cell.images()
            * card.tokensPerImage()
            * cell.point().expertsPerToken();
    return classifier.computesAllSlots() ? slots : Math.min(choices, slots);
  }

  private static double median(List<CellRun> runs) {
    long[] sorted = runs.stream().mapToLong(CellRun::nanos).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : (sorted[middle - 1] + (double) sorted[middle]) / 2;
  }
}

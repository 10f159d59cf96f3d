package dev.vmoe.lab.patches;

import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.ScoredClass;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.PatchGrid;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.patches.WatchedBatch.Watched;
import dev.vmoe.streams.output.Table;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One micro-batch at several capacity ratios, each under batch priority routing and in vanilla
 * order: which tokens of which image found no slot.
 *
 * <p>Axes: B images, T tokens an image, L MoE layers.
 *
 * @param card the model
 * @param grid its patches
 * @param batch the images
 * @param runs the runs, by ratio in the order asked for
 */
public record Explanation(ModelCard card, PatchGrid grid, WatchedBatch batch, List<Pair> runs) {

  /** Both runs at one capacity ratio. */
  public record Pair(Map<Routing, BatchResult> byRouting) {

    /** Returns the run under a routing. */
    public BatchResult run(Routing routing) {
      BatchResult run = byRouting.get(routing);
      if (run == null) {
        throw new IllegalArgumentException("no run under " + routing);
      }
      return run;
    }

    /** Returns what both runs have in common: ratio, K and slots. */
    BatchResult common() {
      return run(Routing.BATCH_PRIORITY);
    }
  }

  /** Copies the list. */
  public Explanation {
    runs = List.copyOf(runs);
  }

  /**
   * Runs a batch.
   *
   * @param ratios capacity ratios
   * @param expertsPerToken K
   * @throws IllegalArgumentException if the model cannot run with these, or is dense
   */
  public static Explanation of(
      VmoeSession session, WatchedBatch batch, List<Double> ratios, int expertsPerToken) {
    ModelCard card = session.card();
    if (card.dense()) {
      throw new IllegalArgumentException(card.name() + " has no experts: it skips no patch");
    }
    List<Pair> runs = new ArrayList<>();
    for (double ratio : ratios) {
      Map<Routing, BatchResult> byRouting = new EnumMap<>(Routing.class);
      for (Routing routing : Routing.values()) {
        byRouting.put(
            routing,
            session.classifyInDetail(
                batch.images(),
                batch.numImages(),
                new RoutingSettings(ratio, expertsPerToken, routing)));
      }
      runs.add(new Pair(byRouting));
    }
    return new Explanation(card, PatchGrid.of(card), batch, runs);
  }

  /** Returns the best class of a watched image in a run. */
  public ScoredClass best(Watched watched, BatchResult run) {
    return ScoredClass.top(card, run.logits()[watched.place()], 1).get(0);
  }

  /** Returns whether a class is the one the image is known to show; null if that is not known. */
  public static @Nullable Boolean isRight(Watched watched, ScoredClass best) {
    String label = watched.image().label();
    return label == null ? null : label.equals(best.label());
  }

  /** Returns the tokens of a whole batch that a layer skipped. */
  static int skippedTokens(RoutingCounts counts, int layer) {
    return IntStream.range(0, counts.numImages())
        .map(image -> counts.skipped()[image * counts.numLayers() + layer])
        .sum();
  }

  /** Returns the share of a whole batch's token choices that found a slot. */
  static double processedShare(RoutingCounts counts) {
    return IntStream.range(0, counts.numImages())
        .mapToDouble(counts::processedShare)
        .average()
        .orElseThrow();
  }

  /** Returns a row for each watched image and run, with the tokens each MoE block skipped. */
  public Table table() {
    List<String> columns =
        new ArrayList<>(
            List.of(
                "image",
                "label",
                "ratio",
                "effective",
                "routing",
                "prediction",
                "score",
                "processed"));
    card.moeBlocks().forEach(block -> columns.add("skipped_" + block));
    Table table = new Table(columns.toArray(String[]::new));
    for (Watched watched : batch.watched()) {
      for (Pair pair : runs) {
        for (Routing routing : Routing.values()) {
          table.add(row(watched, pair.run(routing)).toArray());
        }
      }
    }
    return table;
  }

  private List<Object> row(Watched watched, BatchResult result) {
    ScoredClass best = best(watched, result);
    String label = watched.image().label();
    List<Object> row =
        new ArrayList<>(
            List.of(
                watched.image().name(),
                label == null ? "" : label,
                result.settings().capacityRatio(),
                Table.decimals(result.effectiveCapacityRatio(), 3),
                result.settings().routing(),
                best.label(),
                Table.decimals(best.score(), 3),
                Table.decimals(result.counts().processedShare(watched.place()), 3)));
    for (int layer = 0; layer < card.numLayers(); layer++) {
      row.add(result.counts().skipped()[watched.place() * card.numLayers() + layer]);
    }
    return row;
  }
}

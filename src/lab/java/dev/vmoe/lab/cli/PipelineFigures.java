package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.lab.bench.CpuShares;
import dev.vmoe.lab.bench.MeteredReplay;
import dev.vmoe.lab.bench.Rounds;
import dev.vmoe.lab.peers.PeerKind;
import dev.vmoe.lab.sweep.Columns;
import dev.vmoe.lab.sweep.Statistics;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.output.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What the rounds of {@code bench pipeline} gave: the pipeline beside bare loops and peers. Medians
 * over the rounds; ratios are of the two figures of one round.
 */
final class PipelineFigures {

  private static final String PIPELINE = "pipeline";
  private static final String BY_ADDRESS = "by_address";
  private static final String RATE = "images_per_second";
  private static final String CPU = "cpu_ms_per_image";
  private static final String OF_PIPELINE = "of_pipeline";
  private static final String MEAN_BATCH = "mean_batch";
  private static final String EFFICIENCY = "efficiency";

  /** Roles whose work is nobody's own: each side needs the same of them. */
  private static final Set<CpuShares.Role> SHARED =
      EnumSet.of(CpuShares.Role.BROKER, CpuShares.Role.CLIENT);

  private final Rounds measured = new Rounds().rotating();
  private final int rounds;
  private final List<RunLayout> layouts;
  private final Set<PeerKind> peers;

  /** What each side that answers over Kafka promises. */
  private final Map<String, String> guarantees = new LinkedHashMap<>();

  /**
   * Prepares.
   *
   * @param layouts of the bare loops
   */
  PipelineFigures(int rounds, List<RunLayout> layouts, Set<PeerKind> peers) {
    this.rounds = rounds;
    this.layouts = layouts;
    this.peers = peers;
    guarantees.put(PIPELINE, PeerKind.Guarantee.EXACTLY_ONCE.label());
    peers.forEach(peer -> guarantees.put(peer.label(), peer.guarantee().label()));
  }

  /** Measures something in every round. */
  @FunctionalInterface
  interface Replays {
    MeteredReplay run() throws InterruptedException;
  }

  /** Measures what was added, in turn. */
  void measure(Progress progress) throws InterruptedException {
    progress.say("warming up in a first round, which is not counted");
    measured.run(rounds, "measurements", progress);
  }

  void addBare(RunLayout layout, Rounds.Measure imagesPerSecond) {
    measured.add(bare(layout), imagesPerSecond);
  }

  void addPipeline(Replays replays) {
    add(PIPELINE, replays);
  }

  /** Adds the pipeline that gets addresses in place of bytes. */
  void addByAddress(Replays replays) {
    guarantees.put(BY_ADDRESS, PeerKind.Guarantee.EXACTLY_ONCE.label());
    add(BY_ADDRESS, replays);
  }

  void addPeer(PeerKind peer, Replays replays) {
    add(peer.label(), replays);
  }

  private void add(String side, Replays replays) {
    measured.add(
        side,
        () -> {
          MeteredReplay round = replays.run();
          measured.note(cpu(side), round.cpuMsPerImage(SHARED));
          measured.note(meanBatch(side), round.meanBatch());
          if (side.equals(PIPELINE)) {
            Map<CpuShares.Role, Double> shares = CpuShares.shares(round.cpuNanos());
            for (CpuShares.Role role : CpuShares.Role.values()) {
              measured.note(share(role), shares.getOrDefault(role, 0.0));
            }
          }
          return round.imagesPerSecond();
        });
  }

  /** Runs and threads of each, as in {@code 2x1}. */
  private static String name(RunLayout layout) {
    return layout.runs() + "x" + layout.threads();
  }

  private static String bare(RunLayout layout) {
    return "bare " + name(layout);
  }

  private static String cpu(String side) {
    return side + " " + CPU;
  }

  private static String meanBatch(String side) {
    return side + " " + MEAN_BATCH;
  }

  private static String share(CpuShares.Role role) {
    return PIPELINE + " " + role;
  }

  /** Returns the layout whose bare loops have the most throughput. */
  private RunLayout best() {
    return layouts.stream()
        .max(Comparator.comparingDouble(layout -> measured.median(bare(layout))))
        .orElseThrow();
  }

  private double figure(String name, int round) {
    return measured.figures(name)[round];
  }

  /** Returns what one has of another in the same round. */
  private double ratio(String one, String other, int round) {
    return figure(one, round) / figure(other, round);
  }

  private double medianRatio(String one, String other) {
    double[] ratios = new double[rounds];
    Arrays.setAll(ratios, round -> ratio(one, other, round));
    return Statistics.median(ratios);
  }

  /** Adds the figures to a result. */
  void addTo(ObjectNode result) {
    String best = bare(best());
    result.put("pipeline_" + RATE, measured.median(PIPELINE));
    result.put("pipeline_" + CPU, measured.median(cpu(PIPELINE)));
    result.put("bare_" + RATE, measured.median(best));
    result.put("bare_layout", name(best()));
    ObjectNode bare = result.putObject("bare_layouts");
    layouts.forEach(layout -> bare.put(name(layout), measured.median(bare(layout))));
    result.put(EFFICIENCY, medianRatio(PIPELINE, best));
    ObjectNode shares = result.putObject("processor_shares");
    rolesOfPipeline().forEach(role -> shares.put(label(role), medianShare(role)));
    if (guarantees.containsKey(BY_ADDRESS)) {
      addSide(result.putObject(BY_ADDRESS), BY_ADDRESS);
    }
    ObjectNode all = result.putObject("peers");
    for (PeerKind peer : peers) {
      addSide(all.putObject(peer.label()), peer.label());
    }
    ArrayNode each = result.putArray("rounds");
    for (int round = 0; round < rounds; round++) {
      ObjectNode one =
          each.addObject()
              .put("pipeline_" + RATE, figure(PIPELINE, round))
              .put("bare_" + RATE, figure(best, round))
              .put(EFFICIENCY, ratio(PIPELINE, best, round))
              .put(MEAN_BATCH, figure(meanBatch(PIPELINE), round));
      ObjectNode rates = one.putObject("peers");
      for (PeerKind peer : peers) {
        rates.put(peer.label(), figure(peer.label(), round));
      }
    }
  }

  private void addSide(ObjectNode figures, String side) {
    figures
        .put(RATE, measured.median(side))
        .put(CPU, measured.median(cpu(side)))
        .put(OF_PIPELINE, medianRatio(side, PIPELINE))
        .put(MEAN_BATCH, measured.median(meanBatch(side)))
        .put("guarantee", guarantees.get(side));
  }

  private static Set<CpuShares.Role> rolesOfPipeline() {
    return EnumSet.complementOf(EnumSet.of(CpuShares.Role.PEER));
  }

  private static String label(CpuShares.Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }

  private double medianShare(CpuShares.Role role) {
    return measured.median(share(role));
  }

  private record SideOfRound(String side, int round) {}

  /** Returns a row a round and side. */
  Table sides() {
    List<String> sides = new ArrayList<>(guarantees.keySet());
    sides.addAll(1, layouts.stream().map(PipelineFigures::bare).toList());
    return new Columns<SideOfRound>()
        .add("round", row -> row.round + 1)
        .add("side", SideOfRound::side)
        .add(RATE, row -> figure(row.side, row.round))
        .add(CPU, row -> replays(row) ? figure(cpu(row.side), row.round) : null)
        .add(OF_PIPELINE, row -> ratio(row.side, PIPELINE, row.round))
        .add(MEAN_BATCH, row -> replays(row) ? figure(meanBatch(row.side), row.round) : null)
        .table(
            IntStream.range(0, rounds)
                .boxed()
                .flatMap(round -> sides.stream().map(side -> new SideOfRound(side, round)))
                .toList());
  }

  private boolean replays(SideOfRound row) {
    return guarantees.containsKey(row.side);
  }

  /** Returns everything for people. */
  String text() {
    String text =
        String.format(
            "%s%nprocessors while the pipeline ran:%n%s",
            bareTable().toText(), shareTable().toText());
    return guarantees.size() == 1
        ? text
        : String.format("%s%npeers:%n%s", text, peerTable().toText());
  }

  private Table bareTable() {
    String best = bare(best());
    Table table =
        new Columns<Integer>()
            .add("round", round -> round + 1)
            .add("pipeline images/s", 1, round -> figure(PIPELINE, round))
            .add(best + " images/s", 1, round -> figure(best, round))
            .add(EFFICIENCY, 3, round -> ratio(PIPELINE, best, round))
            .add("mean batch", 1, round -> figure(meanBatch(PIPELINE), round))
            .table(IntStream.range(0, rounds).boxed().toList());
    table.add(
        "median",
        Table.decimals(measured.median(PIPELINE), 1),
        Table.decimals(measured.median(best), 1),
        Table.decimals(medianRatio(PIPELINE, best), 3),
        "");
    return table;
  }

  private Table shareTable() {
    return new Columns<CpuShares.Role>()
        .add("used by", PipelineFigures::label)
        .addShare("share", 1, this::medianShare)
        .table(rolesOfPipeline());
  }

  private Table peerTable() {
    return new Columns<String>()
        .add("peer", side -> side)
        .add("images/s", 1, measured::median)
        .add("of the pipeline", 2, side -> medianRatio(side, PIPELINE))
        .add("CPU ms an image", 2, side -> measured.median(cpu(side)))
        .add("mean batch", 1, side -> measured.median(meanBatch(side)))
        .add("guarantee", guarantees::get)
        .table(guarantees.keySet());
  }
}

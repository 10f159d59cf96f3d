package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.lab.bench.CpuShares;
import dev.vmoe.lab.bench.MeteredReplay;
import dev.vmoe.lab.bench.Rounds;
import dev.vmoe.lab.peers.PeerKind;
import dev.vmoe.lab.sweep.Statistics;
import dev.vmoe.output.Progress;
import dev.vmoe.output.Table;
import dev.vmoe.settings.RunLayout;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * What the rounds of {@code bench pipeline} gave: the pipeline beside bare loops and peers. Medians
 * over the rounds; ratios are of the two figures of one round.
 */
final class PipelineFigures {

  private static final String PIPELINE = "pipeline_images_per_second";
  private static final String BARE = "bare_images_per_second";
  private static final String EFFICIENCY = "efficiency";
  private static final String MEAN_BATCH = "mean_batch";
  private static final String PIPELINE_CPU = "pipeline_cpu_ms_per_image";

  private static final String RATE = "images_per_second";
  private static final String CPU = "cpu_ms_per_image";
  private static final String OF_PIPELINE = "of_pipeline";

  /** Roles whose work is nobody's own: each side needs the same of them. */
  private static final Set<CpuShares.Role> SHARED =
      EnumSet.of(CpuShares.Role.BROKER, CpuShares.Role.CLIENT);

  private final Rounds measured;
  private final int rounds;
  private final List<RunLayout> layouts;
  private final Set<PeerKind> peers;
  private LongConsumer showDone = measurements -> {};
  private long done;

  /**
   * Prepares.
   *
   * @param layouts of the bare loops
   */
  PipelineFigures(int rounds, List<RunLayout> layouts, Set<PeerKind> peers) {
    this.measured = new Rounds().rotating();
    this.rounds = rounds;
    this.layouts = layouts;
    this.peers = peers;
  }

  /** Measures something in every round. */
  @FunctionalInterface
  interface Replays {
    MeteredReplay run() throws InterruptedException;
  }

  /**
   * Measures what was added, in turn.
   *
   * @param progress says how many measurements are done
   */
  void measure(Progress progress) throws InterruptedException {
    progress.say("warming up in a first round, which is not counted");
    int sides = layouts.size() + 1 + peers.size();
    try (Progress.Bar bar = progress.bar("measurements", (rounds + 1L) * sides)) {
      showDone = bar::at;
      measured.run(rounds, round -> {});
    }
  }

  void addBare(RunLayout layout, Rounds.Measure imagesPerSecond) {
    add(bare(layout), imagesPerSecond);
  }

  void addPipeline(Replays replays) {
    add(
        PIPELINE,
        () -> {
          MeteredReplay round = replays.run();
          measured.note(MEAN_BATCH, round.outcome().summary().batchSize().mean());
          Map<CpuShares.Role, Double> shares = CpuShares.shares(round.cpuNanos());
          for (CpuShares.Role role : CpuShares.Role.values()) {
            measured.note(role.name(), shares.getOrDefault(role, 0.0));
          }
          measured.note(PIPELINE_CPU, round.cpuMsPerImage(SHARED));
          return round.imagesPerSecond();
        });
  }

  void addPeer(PeerKind peer, Replays replays) {
    add(
        peer.label(),
        () -> {
          MeteredReplay round = replays.run();
          measured.note(cpu(peer), round.cpuMsPerImage(SHARED));
          measured.note(meanBatch(peer), round.outcome().summary().batchSize().mean());
          return round.imagesPerSecond();
        });
  }

  private void add(String side, Rounds.Measure measure) {
    measured.add(
        side,
        () -> {
          double figure = measure.measure();
          showDone.accept(++done);
          return figure;
        });
  }

  /** Runs and threads of each, as in {@code 2x1}. */
  private static String name(RunLayout layout) {
    return layout.runs() + "x" + layout.threads();
  }

  private static String bare(RunLayout layout) {
    return "bare " + name(layout);
  }

  private static String cpu(PeerKind peer) {
    return peer.label() + " " + CPU;
  }

  private static String meanBatch(PeerKind peer) {
    return peer.label() + " " + MEAN_BATCH;
  }

  /** Returns the layout whose bare loops have the most throughput. */
  private RunLayout best() {
    return layouts.stream()
        .max(Comparator.comparingDouble(layout -> measured.median(bare(layout))))
        .orElseThrow();
  }

  /** Returns (rounds) what one has of another in the same round. */
  private double[] shares(String one, String other) {
    double[] ones = measured.figures(one);
    double[] others = measured.figures(other);
    double[] shares = new double[rounds];
    Arrays.setAll(shares, round -> ones[round] / others[round]);
    return shares;
  }

  /** Adds the figures to a result. */
  void addTo(ObjectNode result) {
    RunLayout best = best();
    result.put(PIPELINE, measured.median(PIPELINE));
    result.put(PIPELINE_CPU, measured.median(PIPELINE_CPU));
    result.put(BARE, measured.median(bare(best)));
    result.put("bare_layout", name(best));
    ObjectNode bare = result.putObject("bare_layouts");
    for (RunLayout layout : layouts) {
      bare.put(name(layout), measured.median(bare(layout)));
    }
    double[] efficiency = shares(PIPELINE, bare(best));
    result.put(EFFICIENCY, Statistics.median(efficiency));
    ObjectNode shares = result.putObject("processor_shares");
    for (CpuShares.Role role : rolesOfPipeline()) {
      shares.put(label(role), measured.median(role.name()));
    }
    ObjectNode all = result.putObject("peers");
    for (PeerKind peer : peers) {
      all.putObject(peer.label())
          .put(RATE, measured.median(peer.label()))
          .put(CPU, measured.median(cpu(peer)))
          .put(OF_PIPELINE, Statistics.median(shares(peer.label(), PIPELINE)))
          .put(MEAN_BATCH, measured.median(meanBatch(peer)))
          .put("guarantee", peer.guarantee().label());
    }
    addRounds(result.putArray("rounds"), best, efficiency);
  }

  private void addRounds(ArrayNode all, RunLayout best, double[] efficiency) {
    for (int round = 0; round < rounds; round++) {
      ObjectNode one =
          all.addObject()
              .put(PIPELINE, measured.figures(PIPELINE)[round])
              .put(BARE, measured.figures(bare(best))[round])
              .put(EFFICIENCY, efficiency[round])
              .put(MEAN_BATCH, measured.figures(MEAN_BATCH)[round]);
      ObjectNode rates = one.putObject("peers");
      for (PeerKind peer : peers) {
        rates.put(peer.label(), measured.figures(peer.label())[round]);
      }
    }
  }

  private static Set<CpuShares.Role> rolesOfPipeline() {
    return EnumSet.complementOf(EnumSet.of(CpuShares.Role.PEER));
  }

  private static String label(CpuShares.Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }

  /** Returns a row a round and side. */
  Table sides() {
    Table table = new Table("round", "side", RATE, CPU, OF_PIPELINE, MEAN_BATCH);
    for (int round = 0; round < rounds; round++) {
      int number = round + 1;
      double cpu = measured.figures(PIPELINE_CPU)[round];
      double batch = measured.figures(MEAN_BATCH)[round];
      table.add(number, "pipeline", measured.figures(PIPELINE)[round], cpu, 1.0, batch);
      for (RunLayout layout : layouts) {
        double rate = measured.figures(bare(layout))[round];
        table.add(number, bare(layout), rate, "", shares(bare(layout), PIPELINE)[round], "");
      }
      for (PeerKind peer : peers) {
        table.add(
            number,
            peer.label(),
            measured.figures(peer.label())[round],
            measured.figures(cpu(peer))[round],
            shares(peer.label(), PIPELINE)[round],
            measured.figures(meanBatch(peer))[round]);
      }
    }
    return table;
  }

  /** Returns everything for people. */
  String text() {
    String text =
        String.format(
            "%s%nprocessors while the pipeline ran:%n%s",
            bareTable().toText(), shareTable().toText());
    return peers.isEmpty() ? text : String.format("%s%npeers:%n%s", text, peerTable().toText());
  }

  private Table bareTable() {
    String best = bare(best());
    Table table =
        new Table("round", "pipeline images/s", best + " images/s", "efficiency", "mean batch");
    double[] efficiency = shares(PIPELINE, best);
    for (int round = 0; round < rounds; round++) {
      table.add(
          round + 1,
          Table.decimals(measured.figures(PIPELINE)[round], 1),
          Table.decimals(measured.figures(best)[round], 1),
          Table.decimals(efficiency[round], 3),
          Table.decimals(measured.figures(MEAN_BATCH)[round], 1));
    }
    table.add(
        "median",
        Table.decimals(measured.median(PIPELINE), 1),
        Table.decimals(measured.median(best), 1),
        Table.decimals(Statistics.median(efficiency), 3),
        "");
    return table;
  }

  private Table shareTable() {
    Table table = new Table("used by", "share");
    for (CpuShares.Role role : rolesOfPipeline()) {
      table.add(label(role), Table.decimals(100 * measured.median(role.name()), 1) + "%");
    }
    return table;
  }

  private Table peerTable() {
    Table table =
        new Table(
            "peer", "images/s", "of the pipeline", "CPU ms an image", "mean batch", "guarantee");
    table.add(
        "pipeline",
        Table.decimals(measured.median(PIPELINE), 1),
        "1",
        Table.decimals(measured.median(PIPELINE_CPU), 2),
        Table.decimals(measured.median(MEAN_BATCH), 1),
        PeerKind.Guarantee.EXACTLY_ONCE.label());
    for (PeerKind peer : peers) {
      table.add(
          peer.label(),
          Table.decimals(measured.median(peer.label()), 1),
          Table.decimals(Statistics.median(shares(peer.label(), PIPELINE)), 2),
          Table.decimals(measured.median(cpu(peer)), 2),
          Table.decimals(measured.median(meanBatch(peer)), 1),
          peer.guarantee().label());
    }
    return table;
  }
}

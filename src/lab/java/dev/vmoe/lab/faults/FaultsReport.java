package dev.vmoe.lab.faults;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.lab.faults.FaultsResult.MeasuredFault;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a run found, for people and programs. */
public final class FaultsReport {

  private final FaultsResult result;

  public FaultsReport(FaultsResult result) {
    this.result = result;
  }

  /** Returns a page for people. */
  public String toText() {
    DeliveryVerdict verdict = result.verdict();
    FaultsResult.Counts counts = result.counts();
    Spread pauses = result.survivorPauses();
    List<String> lines = new ArrayList<>();
    lines.add(
        "%d faults in %s s, %d instances and %d brokers killed"
            .formatted(
                result.faults().size(),
                Table.decimals(counts.seconds(), 0),
                counts.kills(),
                counts.brokerKills()));
    lines.add(
        "%d images: %d predictions, %d dead letters"
            .formatted(verdict.images(), verdict.predictions(), verdict.deadLetters()));
    if (verdict.models().size() > 1) {
      lines.add("predictions by model: " + verdict.models());
    }
    lines.add(
        verdict.violations().entrySet().stream()
            .map(entry -> entry.getValue() + " " + entry.getKey().replace('_', ' '))
            .collect(Collectors.joining(", ")));
    verdict.examples().forEach(example -> lines.add("  " + example));
    lines.add(
        "pauses of %d partitions whose instance lived on: p50 %d ms, p99 %d ms, longest %d ms"
            .formatted(pauses.count(), pauses.p50(), pauses.p99(), pauses.max()));
    Spread moved = result.movedPauses();
    lines.add(
        "pauses of %d partitions that an untouched instance lost: p50 %d ms, p99 %d ms, longest %d"
                .formatted(moved.count(), moved.p50(), moved.p99(), moved.max())
            + " ms");
    Spread beside = result.besideBombs();
    if (beside.count() > 0) {
      lines.add(
          "time to the answer of %d good images between bombs: p50 %d ms, p99 %d ms, longest %d ms"
              .formatted(beside.count(), beside.p50(), beside.p99(), beside.max()));
    }
    lines.add(
        "resident memory at the end: %s MiB; largest of any instance: %s MiB"
            .formatted(
                result.memory().atEnd().stream()
                    .map(mebibytes -> Table.decimals(mebibytes, 0))
                    .collect(Collectors.joining(", ")),
                Table.decimals(result.memory().largest(), 0)));
    if (result.memory().limit() > 0) {
      lines.add(
          "memory within the limit of %d MiB: at most %s MiB, with files that were read"
              .formatted(
                  result.memory().limit(), Table.decimals(result.memory().limitedPeak(), 0)));
    }
    if (!counts.exits().isEmpty()) {
      lines.add("instances that ended by themselves, by exit code: " + counts.exits());
    }
    if (counts.missing() > 0) {
      lines.add(counts.missing() + " acknowledged records are not in the images topic");
    }
    result.tooLate().forEach(late -> lines.add("TOO LATE: " + late));
    Sabotage sabotage = result.plan().sabotage();
    if (sabotage != null) {
      lines.add(
          "sabotage "
              + sabotage.label()
              + " was "
              + (verdict.violations().getOrDefault(sabotage.breaks(), 0L) > 0 ? "" : "NOT ")
              + "found");
    }
    lines.add("");
    return String.join(System.lineSeparator(), lines) + System.lineSeparator() + byKind().toText();
  }

  private Table byKind() {
    Table table =
        new Table("fault", "times", "recovery p50, ms", "p99", "longest", "longest pause, ms");
    result
        .recovery()
        .forEach(
            (kind, spread) ->
                table.add(
                    kind.label(),
                    of(kind).size(),
                    spread.p50(),
                    spread.p99(),
                    of(kind).size() > spread.count() ? "none" : spread.max(),
                    of(kind).stream().mapToLong(MeasuredFault::longestPauseMs).max().orElse(0)));
    return table;
  }

  private List<MeasuredFault> of(FaultKind kind) {
    return result.faults().stream().filter(fault -> fault.kind() == kind).toList();
  }

  /** Returns a row for each fault. */
  public Table toTable() {
    Table table =
        new Table(
            "number",
            "fault",
            "detail",
            "at_seconds",
            "seconds",
            "recovery_ms",
            "survivors",
            "survivors_longest_pause_ms",
            "moved",
            "moved_longest_pause_ms",
            "longest_pause_ms");
    int number = 0;
    for (MeasuredFault fault : result.faults()) {
      Spread pauses = Spread.of(fault.survivorPausesMs());
      Spread moved = Spread.of(fault.movedPausesMs());
      table.add(
          ++number,
          fault.kind().label(),
          fault.detail(),
          Table.decimals(fault.atSeconds(), 1),
          Table.decimals(fault.seconds(), 1),
          fault.recoveryMs(),
          pauses.count(),
          pauses.count() == 0 ? null : pauses.max(),
          moved.count(),
          moved.count() == 0 ? null : moved.max(),
          fault.longestPauseMs());
    }
    return table;
  }

  /** Returns the result for programs. */
  public ObjectNode toJson() {
    DeliveryVerdict verdict = result.verdict();
    FaultsPlan plan = result.plan();
    ObjectNode json = Json.object();
    json.put("faults", result.faults().size())
        .put("kills", result.counts().kills())
        .put("broker_kills", result.counts().brokerKills())
        .put("images", verdict.images())
        .put("predictions", verdict.predictions())
        .put("dead_letters", verdict.deadLetters());
    verdict.violations().forEach(json::put);
    json.set("models", Json.tree(verdict.models()));
    json.put("not_recovered", result.notRecovered());
    json.set("pause_ms", Json.tree(result.survivorPauses()));
    json.set("pause_moved_ms", Json.tree(result.movedPauses()));
    json.set("beside_bombs_ms", Json.tree(result.besideBombs()));
    ObjectNode recovery = json.putObject("recovery_ms");
    result.recovery().forEach((kind, spread) -> recovery.set(kind.label(), Json.tree(spread)));
    ObjectNode longest = json.putObject("longest_pause_ms");
    for (FaultKind kind : result.recovery().keySet()) {
      longest.put(
          kind.label(), of(kind).stream().mapToLong(MeasuredFault::longestPauseMs).max().orElse(0));
    }
    json.put("max_recovery_ms", plan.limits().recoveryMs())
        .put("max_beside_bombs_ms", plan.limits().besideBombsMs());
    json.set("too_late", Json.tree(result.tooLate()));
    json.set("exits", byCode(result.counts().exits()));
    json.set("stops", byCode(result.counts().stopCodes()));
    json.put("unsent", result.counts().unsent())
        .put("acknowledged_missing", result.counts().missing());
    json.set("memory_mib", Json.tree(result.memory()));
    json.put("seconds", result.counts().seconds())
        .put("seed", plan.seed())
        .put("instances", plan.instances())
        .put("threads", plan.threads())
        .put("partitions", plan.partitions())
        .put("brokers", plan.brokers())
        .put("combined", plan.combined())
        .put("rate", plan.perSecond())
        .put("sabotage", plan.sabotage() == null ? null : plan.sabotage().label());
    ObjectNode weights = json.putObject("weights");
    plan.weights().forEach((kind, weight) -> weights.put(kind.label(), weight));
    json.set("examples", Json.tree(verdict.examples()));
    return json;
  }

  private static ObjectNode byCode(Map<Integer, Integer> counts) {
    ObjectNode json = Json.object();
    counts.forEach((code, count) -> json.put(Integer.toString(code), count));
    return json;
  }
}

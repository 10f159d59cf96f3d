package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.lab.bench.Rounds;
import dev.vmoe.lab.sweep.Columns;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a new benchmark has without writing it. */
class BenchmarkTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  /** A benchmark as short as one can be: things to measure in turn, and a result. */
  @Command(name = "counting")
  private static final class Counting extends Benchmark {

    @Mixin private final RoundsOption rounds = new RoundsOption(3);

    @Option(names = "--most")
    private double most = 100;

    private int measured;

    @Override
    void check() {
      positive("--rounds", "--most");
    }

    @Override
    BenchmarkResult measure() throws InterruptedException {
      Rounds things = new Rounds();
      things.add("count", () -> ++measured);
      rounds.run(things, "measurements", progress());
      Table table = new Columns<Double>().add("median", median -> median).table(medians(things));
      ObjectNode json = Json.object().put("rounds", rounds.count()).put("measured", measured);
      return new BenchmarkResult(table.toText(), table, json, measured <= most);
    }

    private static List<Double> medians(Rounds things) {
      return List.of(things.median("count"));
    }
  }

  private CommandLine counting() {
    return new CommandLine(new Counting())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true));
  }

  @Test
  void shouldMeasureInTurnAndWriteTheResultWhereItIsWanted() throws Exception {
    Path json = folder.resolve("result.json");
    Path csv = folder.resolve("result.csv");

    assertThat(counting().execute("--json", json.toString(), "--csv", csv.toString())).isZero();

    assertThat(new ObjectMapper().readTree(json.toFile()))
        .isEqualTo(new ObjectMapper().readTree("{\"rounds\":3,\"measured\":4}"));
    assertThat(Files.readString(csv)).isEqualTo("median\n3.0\n");
    assertThat(out.toString()).contains("median", "3.0");
    assertThat(err.toString()).contains("measurements 4 of 4");
  }

  @Test
  void shouldFailWhereTheMeasurementShowsAnErrorAndStillWriteIt() {
    Path json = folder.resolve("result.json");

    assertThat(counting().execute("--most", "3", "--json", json.toString()))
        .isEqualTo(VmoeCommand.FAILED);
    assertThat(json).isNotEmptyFile();
    assertThat(out.toString()).contains("3.0");
  }

  @Test
  void shouldRefuseAnOptionBelowOneBeforeAnythingIsMeasured() {
    assertThat(counting().execute("--rounds", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("--rounds 0 is below 1").doesNotContain("measurements");
  }

  @Test
  void shouldSayTheRoundsOfThisBenchmark() {
    assertThat(counting().getUsageMessage()).contains("--rounds=N", "(default: 3)");
  }
}

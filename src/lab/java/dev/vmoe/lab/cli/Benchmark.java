package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.output.Table;
import picocli.CommandLine.Mixin;

/** What the benchmarks share: options are checked, something is measured, its result is written. */
abstract class Benchmark extends LabCommand {

  @Mixin private final CsvOption csv = new CsvOption();
  @Mixin private final JsonOption json = new JsonOption();

  /**
   * What was measured.
   *
   * @param text what is printed
   * @param table what {@code --csv} writes
   * @param json what {@code --json} writes
   */
  record BenchmarkResult(String text, Table table, ObjectNode json) {}

  @Override
  public final Integer call() throws Exception {
    check();
    BenchmarkResult result = measure();
    print(result.text());
    csv.write(result.table());
    json.write(result.json());
    return 0;
  }

  /** Rejects wrong options before anything is measured. */
  abstract void check();

  /** Measures. */
  abstract BenchmarkResult measure() throws Exception;
}

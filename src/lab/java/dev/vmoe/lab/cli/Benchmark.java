package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.streams.output.Table;
import picocli.CommandLine.Mixin;

/**
 * What the benchmarks share: options are checked, something is measured, its result is written. A
 * new one says only which options it has and what it measures; {@link PipelineOptions} and {@link
 * RoundsOption} bring the options of those that run a pipeline, or things in turn.
 */
abstract class Benchmark extends StudyCommand {

  /** Seed of those that have no option for it. */
  static final long SEED = 20_220_622;

  @Mixin private final CsvOption csv = new CsvOption();
  @Mixin private final JsonOption json = new JsonOption();

  /**
   * What was measured.
   *
   * @param text what is printed
   * @param table what {@code --csv} writes
   * @param json what {@code --json} writes
   * @param passed false where the measurement itself shows an error: the command fails
   */
  record BenchmarkResult(String text, Table table, ObjectNode json, boolean passed) {

    /** Creates the result of a benchmark that judges nothing. */
    BenchmarkResult(String text, Table table, ObjectNode json) {
      this(text, table, json, true);
    }
  }

  @Override
  public final Integer call() throws Exception {
    check();
    BenchmarkResult result = measure();
    print(result.text());
    csv.write(result.table());
    json.write(result.json());
    return result.passed() ? 0 : VmoeCommand.FAILED;
  }

  /** Rejects wrong options before anything is measured. */
  abstract void check() throws Exception;

  /** Measures. */
  abstract BenchmarkResult measure() throws Exception;
}

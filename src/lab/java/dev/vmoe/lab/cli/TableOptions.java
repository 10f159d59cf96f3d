package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vmoe.output.Json;
import dev.vmoe.output.OutputFiles;
import dev.vmoe.output.Table;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that writes its table to files, too. */
final class TableOptions {

  @Option(names = "--csv", paramLabel = "FILE", description = "Write the table there as CSV, too.")
  private @Nullable Path csv;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the rows there as JSON, too.")
  private @Nullable Path json;

  /**
   * Writes what was asked for.
   *
   * @param table for the CSV
   * @param rows for the JSON
   */
  void write(Table table, JsonNode rows) throws IOException {
    if (csv != null) {
      OutputFiles.write(csv, table.toCsv());
    }
    if (json != null) {
      Json.write(json, rows);
    }
  }
}

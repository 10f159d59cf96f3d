package dev.vmoe.lab.cli;

import dev.vmoe.streams.output.OutputFiles;
import dev.vmoe.streams.output.Table;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option of every command that writes a table as CSV. */
final class CsvOption {

  @Option(names = "--csv", paramLabel = "FILE", description = "Write the table there as CSV.")
  private @Nullable Path file;

  /** Writes the table if that was asked for. */
  void write(Table table) throws IOException {
    if (file != null) {
      OutputFiles.write(file, table.toCsv());
    }
  }
}

package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vmoe.streams.output.Json;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option of every command that writes its result as JSON. */
final class JsonOption {

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there as JSON.")
  private @Nullable Path file;

  /** Writes the result if that was asked for. */
  void write(JsonNode result) throws IOException {
    if (file != null) {
      Json.write(file, result);
    }
  }
}

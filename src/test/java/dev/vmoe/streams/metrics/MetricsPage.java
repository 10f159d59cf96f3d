package dev.vmoe.streams.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The page of the documentation on metrics. */
public final class MetricsPage {

  static final Path FILE =
      Path.of(System.getProperty("vmoe.home", ".")).resolve("src/docs/metrics.md");

  private MetricsPage() {}

  /** Returns the queries that the page explains. */
  public static List<String> queries() throws IOException {
    String table = Files.readString(FILE).split("## Queries", -1)[1];
    return Pattern.compile("\\| `(.*)` \\|$", Pattern.MULTILINE)
        .matcher(table)
        .results()
        .map(row -> row.group(1))
        .toList();
  }
}

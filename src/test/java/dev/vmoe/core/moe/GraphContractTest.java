package dev.vmoe.core.moe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GraphContractTest {

  private static final Pattern NAME = Pattern.compile("`(\\w+)`");

  @Test
  void shouldBeTheTablesOfTheArchitecturePage() throws IOException {
    Path page = Path.of(System.getProperty("vmoe.home", "."), "src/docs/architecture.md");
    List<String> lines = Files.readAllLines(page);

    assertThat(names(lines, "| input |"))
        .containsExactlyElementsOf(
            Arrays.stream(GraphInput.values()).map(GraphInput::label).toList());
    assertThat(names(lines, "| output |"))
        .containsExactlyElementsOf(
            Arrays.stream(GraphOutput.values()).map(GraphOutput::label).toList());
  }

  /** Returns the names in the first column of a table, from the top. */
  private static Stream<String> names(List<String> lines, String head) {
    return lines.stream()
        .dropWhile(line -> !line.startsWith(head))
        .skip(2)
        .takeWhile(line -> line.startsWith("|"))
        .map(line -> line.split("\\|", 3)[1])
        .flatMap(column -> NAME.matcher(column).results().map(name -> name.group(1)));
  }
}

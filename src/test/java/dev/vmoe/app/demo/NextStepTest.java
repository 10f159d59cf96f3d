package dev.vmoe.app.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NextStepTest {

  /** Returns the words that a shell makes of a line. */
  private static List<String> words(String line) throws Exception {
    Process shell =
        new ProcessBuilder("sh", "-c", "printf '%s\\n' " + line).redirectErrorStream(true).start();
    String out = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(shell.waitFor()).as("%s", out).isZero();
    return out.lines().toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain/a-1_b.png", "a b.png", "it's.png", "$HOME/*.png", "a#b;c&d", "~"})
  void shouldQuoteWhatAShellWouldTakeApart(String file) throws Exception {
    String line = new NextStep(List.of("predict", file), "a file, isn't it").line("/my tools/vmoe");

    assertThat(words(line)).containsExactly("/my tools/vmoe", "predict", file);
  }

  @Test
  void shouldLeavePlainWordsAsTheyAre() {
    assertThat(new NextStep(List.of("demo", "--serve"), "the same").line("ops/vmoe"))
        .startsWith("ops/vmoe demo --serve  ")
        .endsWith("  # the same");
  }
}

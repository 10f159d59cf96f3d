package dev.vmoe.streams.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The core and the fetching know no settings, but their messages name the one to change. */
class SettingNamesTest {

  private static final Path MAIN =
      Path.of(System.getProperty("vmoe.home", "."), "src/main/java/dev/vmoe");

  private static final Pattern TEXT = Pattern.compile("\"(?:\\\\.|[^\"\\\\\\n])*\"");

  private static final Pattern NAME =
      Pattern.compile("\\b(?:batch|capacity|decode|fetch|image|inference)(?:\\.[a-z]+)+");

  @Test
  void shouldNameOnlySettingsThatThereAre() throws IOException {
    Set<String> names = new TreeSet<>();
    for (String tree : List.of("core", "fetch")) {
      try (Stream<Path> files = Files.walk(MAIN.resolve(tree))) {
        for (Path file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
          TEXT.matcher(Files.readString(file))
              .results()
              .flatMap(text -> NAME.matcher(text.group()).results())
              .map(MatchResult::group)
              .forEach(names::add);
        }
      }
    }

    assertThat(names).contains("decode.max.bytes", "fetch.prefixes", "inference.timeout.ms");
    assertThat(Settings.DEFINITION.names()).containsAll(names);
  }
}

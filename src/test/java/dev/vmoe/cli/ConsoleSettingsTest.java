package dev.vmoe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.console.Listening;
import dev.vmoe.settings.Settings;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who gets to see the live page, of those who reach the console. */
class ConsoleSettingsTest {

  private static Listening listening(String host, String page, String names) {
    return RunCommand.listening(
        new Settings(Map.of("console.host", host, "console.page", page, "console.names", names)));
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, auto, true",
    "localhost, auto, true",
    "::1, auto, true",
    "0.0.0.0, auto, false",
    "127.evil.example, auto, false",
    "10.1.2.3, auto, false",
    "vmoe.example, auto, false",
    "0.0.0.0, true, true",
    "127.0.0.1, false, false"
  })
  void shouldShowThePageToThisMachineAloneUnlessSet(String host, String page, boolean shown) {
    assertThat(listening(host, page, "").page()).isEqualTo(shown);
  }

  @Test
  void shouldBeOnLoopbackWithThePageWhereNothingIsSet() {
    assertThat(RunCommand.listening(new Settings(Map.of())))
        .isEqualTo(new Listening("127.0.0.1", 8080, true, List.of()));
  }

  @Test
  void shouldTakeNamesAsTheAddressBarShowsThem() {
    assertThat(listening("0.0.0.0", "true", "vmoe.Example, other.example:8443").names())
        .containsExactly("vmoe.example", "other.example:8443");
    for (String wrong : List.of("https://vmoe.example", "*", "vmoe.example/page")) {
      assertThatThrownBy(() -> listening("0.0.0.0", "true", wrong))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("console.names")
          .hasMessageContaining("is not a list of names");
    }
  }
}

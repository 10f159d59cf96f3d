package dev.vmoe.streams.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ConfigHistoryTest {

  private static final Settings FILE = new Settings(Map.of());

  private final List<Long> tried = new ArrayList<>();

  @Test
  void shouldHaveTheLastRecordInForceThatIsNotRefused() {
    ConfigHistory history = new ConfigHistory(List.of(valid(0), valid(2), refused(3), refused(5)));

    assertThat(history.inForce()).hasValue(history.entries().get(1));
    assertThat(history.lastRefused()).hasValue(history.entries().get(3));
    assertThat(history.newestRefused()).hasValue(history.entries().get(3));
    assertThat(history.newest().orElseThrow().offset()).isEqualTo(5);
  }

  @Test
  void shouldHaveTheSettingsFileInForceWhereNoRecordIs() {
    assertThat(new ConfigHistory(List.of()).newest()).isEmpty();
    assertThat(new ConfigHistory(List.of(refused(0))).inForce()).isEmpty();
  }

  @Test
  void shouldKnowOfARefusalThatANewerRecordHasReplaced() {
    ConfigHistory history = new ConfigHistory(List.of(refused(0), valid(1)));

    assertThat(history.lastRefused().orElseThrow().offset()).isZero();
    assertThat(history.newestRefused()).isEmpty();
  }

  @Test
  void shouldTryTheRecordBeforeWhereOneIsRefusedAndNoneBeforeThat() {
    List<ConfigEntry> entries = List.of(valid(0), valid(1), refused(2), valid(3), valid(4));

    ConfigHistory history = new ConfigHistory(entries).tried(refusing(3, 4));

    assertThat(tried).containsExactly(4L, 3L, 1L);
    assertThat(history.inForce().orElseThrow().offset()).isEqualTo(1);
    assertThat(history.inForce().orElseThrow().settings().maxBatchImages()).isEqualTo(99);
    assertThat(history.entries())
        .extracting(ConfigEntry::refusal)
        .containsExactly(null, null, "of old", "cannot load 3", "cannot load 4");
    assertThat(history.newestRefused().orElseThrow().offset()).isEqualTo(4);
  }

  @Test
  void shouldRefuseARecordThatADefectKeepsFromBeingInForce() {
    ConfigHistory history =
        new ConfigHistory(List.of(valid(0)))
            .tried(
                entry -> {
                  throw new IllegalStateException("x\ny");
                });

    assertThat(history.inForce()).isEmpty();
    assertThat(history.lastRefused().orElseThrow().refusal())
        .isEqualTo("java.lang.IllegalStateException: x\ufffdy");
  }

  private Function<ConfigEntry, LiveSettings> refusing(long... offsets) {
    return entry -> {
      tried.add(entry.offset());
      for (long offset : offsets) {
        if (offset == entry.offset()) {
          throw new InferenceException("cannot load " + offset, new IllegalStateException());
        }
      }
      return LiveSettings.of(FILE, Map.of("batch.max.images", "99"), entry.offset());
    };
  }

  private static ConfigEntry valid(long offset) {
    LiveSettings settings = LiveSettings.of(FILE, Map.of(), offset);
    return new ConfigEntry(offset, 0, Map.of(), null, null, settings, null);
  }

  private static ConfigEntry refused(long offset) {
    return new ConfigEntry(offset, 0, Map.of(), null, null, null, "of old");
  }
}

package dev.vmoe.streams.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsLoaderTest {

  @TempDir Path folder;

  @Test
  void shouldLetEnvironmentWinOverFileAndCommandLineOverBoth() throws IOException {
    Path file = write("batch.max.images=1\nbatch.linger.ms=1\ncapacity.ratio=1\ndevice=cpu\n");
    Map<String, String> environment =
        Map.of("VMOE_BATCH_LINGER_MS", "2", "VMOE_CAPACITY_RATIO", "2", "PATH", "/bin");

    Settings settings =
        new SettingsLoader(environment).load(file, Map.of(Settings.CAPACITY_RATIO, "3"));

    assertThat(settings.getInt(Settings.BATCH_MAX_IMAGES)).isEqualTo(1);
    assertThat(LiveSettings.of(settings).linger()).hasMillis(2);
    assertThat(settings.getDouble(Settings.CAPACITY_RATIO)).isEqualTo(3);
    assertThat(settings.getString(Settings.DEVICE)).isEqualTo("cpu");
  }

  @ParameterizedTest
  @CsvSource({
    "VMOE_BATCH_MAX_IMAGES, batch.max.images",
    "VMOE_STREAMS_NUM_STREAM_THREADS, streams.num.stream.threads",
    "VMOE_A__B, a_b",
    "VMOE_A___B_C, a-b.c",
    "VMOE_MODEL, model",
  })
  void shouldMapVariablesAsKafkasImageDoes(String variable, String key) {
    assertThat(SettingsLoader.keyOf(variable)).isEqualTo(key);
    assertThat(SettingsLoader.variableOf(key)).isEqualTo(variable);
  }

  @Test
  void shouldNameFileAndKeyOfAWrongValue() throws IOException {
    Path file = write("batch.max.images=none\n");

    assertThatThrownBy(() -> load(Map.of(), file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(file + ": batch.max.images: 'none' is not a whole number");
  }

  @Test
  void shouldNameTheVariableOfAnUnknownSetting() {
    assertThatThrownBy(() -> load(Map.of("VMOE_BATCH_MAX_IMAGE", "3"), null))
        .hasMessage(
            "variable VMOE_BATCH_MAX_IMAGE: batch.max.image: unknown setting"
                + " (did you mean batch.max.images?)");
  }

  @Test
  void shouldNameTheCommandLine() {
    assertThatThrownBy(() -> new SettingsLoader(Map.of()).load(null, Map.of("routing", "x")))
        .hasMessageContaining("command line: routing: ");
  }

  @Test
  void shouldIgnoreTheLaunchersVariablesAndThoseOfKubernetesServices() {
    Map<String, String> environment =
        Map.of(
            "VMOE_HEAP", "1g",
            "VMOE_PORT", "tcp://10.0.0.1:80",
            "VMOE_SERVICE_HOST", "10.0.0.1",
            "VMOE_STREAMS_SERVICE_PORT_HTTP", "80",
            "VMOE_STREAMS_PORT_80_TCP_ADDR", "10.0.0.1");

    assertThatCode(() -> load(environment, null)).doesNotThrowAnyException();
    assertThat(load(environment, null).withPrefix(Settings.STREAMS_PREFIX)).isEmpty();
  }

  @Test
  void shouldSayThatTheFileIsMissing() {
    assertThatThrownBy(() -> load(Map.of(), folder.resolve("none.properties")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("none.properties does not exist");
  }

  @Test
  void shouldNotPrintASecretInAnError() throws IOException {
    Path file = write("registri.bearer.auth.token=hunter2\n");

    assertThatThrownBy(() -> load(Map.of(), file))
        .hasMessageContaining("did you mean registry.bearer.auth.token?")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void shouldLoadTheExampleFile() {
    Path example = Path.of(System.getProperty("vmoe.home", ".")).resolve("ops/vmoe.properties");

    assertThatCode(() -> load(Map.of(), example)).doesNotThrowAnyException();
  }

  private Settings load(
      Map<String, String> environment, @org.jspecify.annotations.Nullable Path file) {
    return new SettingsLoader(environment).load(file, Map.of());
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("vmoe.properties"), text);
  }
}

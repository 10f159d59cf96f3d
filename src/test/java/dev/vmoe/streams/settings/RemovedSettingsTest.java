package dev.vmoe.streams.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;

/** No setting that a settings file may still have is refused without a word on what to write. */
class RemovedSettingsTest {

  /** Every setting there was before settings were removed for the first time. */
  private static final String BEFORE =
      """
      application.id bootstrap.servers schema.registry.url schema.registry.retry.ms
      schema.registry.wait.ms schema.registry.accept.empty topic.prefix topics.images
      topics.predictions topics.images.dlq topics.expert-utilization topics.config
      topics.routing-profile topics.clips predictions.format utilization.format predictions.top
      predictions.features model models.dir models.ladder device inference.runs inference.threads
      inference.timeout.ms decode.threads decode.max.bytes decode.timeout.ms batch.max.images
      batch.max.bytes batch.linger.ms in.flight.images in.flight.max.bytes in.flight.wait.ms
      poison.deaths image.max.bytes image.max.pixels image.max.pixels.per.byte fetch.prefixes
      fetch.private.hosts fetch.at.once fetch.timeout.ms capacity.mode target.latency.ms
      late.policy capacity.ratio.min capacity.ratio.max experts.per.token.min
      experts.per.token.max cost.survey.ms lag.interval.ms capacity.ratio experts.per.token
      routing gate.min console.host console.port console.page console.names console.config.write
      console.token console.metrics.open console.tls.certificate console.tls.key
      console.tls.password log.format log.level kafka.log.level stop.timeout.ms
      routing.profile.interval.ms clips.window.ms tracing.otlp.endpoint tracing.sample.ratio
      """;

  @Test
  void shouldSayOfEachSettingThatIsGoneWhatToWriteInstead() {
    List<String> gone =
        List.of(BEFORE.strip().split("\\s+")).stream()
            .filter(name -> !Settings.DEFINITION.names().contains(name))
            .toList();

    assertThat(gone)
        .hasSize(14)
        .allSatisfy(
            name ->
                assertThatThrownBy(() -> new Settings(Map.of(name, "1")))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageStartingWith(name + ": this setting was removed: ")
                    .hasMessageMatching(".*(remove it|set |give ).*"));
  }

  @Test
  void shouldNameTheVariableOfASettingThatIsGone() {
    SettingsLoader loader = new SettingsLoader(Map.of("VMOE_GATE_MIN", "0.1"));

    assertThatThrownBy(() -> loader.load(null, Map.of()))
        .hasMessageStartingWith("variable VMOE_GATE_MIN: gate.min: this setting was removed: ");
  }

  @Test
  void shouldSayItOfAChangeToo() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LiveSettings.requireKey("gate.min"))
        .withMessageStartingWith("gate.min: this setting was removed: ");
  }
}

package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.image.FakeDecoder;
import dev.vmoe.inference.FakeClassifier;
import dev.vmoe.settings.Settings;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;

class PipelineTest {

  private final FakeClassifier classifier = new FakeClassifier();
  private final FakeDecoder decoder = new FakeDecoder(8 * 8 * 3);

  @Test
  void shouldRefuseMoreExpertsPerTokenThanTheModelWasTrainedWith() {
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(
            () ->
                Pipeline.start(
                    new Settings(Map.of("experts.per.token", 3, "bootstrap.servers", "nowhere:1")),
                    classifier,
                    decoder))
        .withMessage(
            "experts.per.token: K 3 outside 1 to 2, the K that fake was trained with (4 experts)");
  }
}

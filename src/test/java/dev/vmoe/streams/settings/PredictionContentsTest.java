package dev.vmoe.streams.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.moe.ModelCard;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PredictionContentsTest {

  private static PredictionContents contents(String top, String features) {
    return PredictionContents.of(
        new Settings(
            Map.of(Settings.PREDICTIONS_TOP, top, Settings.PREDICTIONS_FEATURES, features)));
  }

  private static ModelCard card(int classes, int featuresLength) {
    return new ModelCard(
        "m",
        "hash",
        IntStream.range(0, classes).mapToObj(i -> "class " + i).toList(),
        8,
        1,
        List.of(),
        0,
        0,
        1,
        true,
        "bilinear",
        "test",
        List.of(),
        featuresLength);
  }

  @Test
  void shouldNameFiveClassesAndCarryNoFeaturesByDefault() {
    assertThat(PredictionContents.of(new Settings(Map.of())))
        .isEqualTo(new PredictionContents(5, false, false));
  }

  @Test
  void shouldReadSettings() {
    assertThat(contents("1", "true")).isEqualTo(new PredictionContents(1, true, false));
    assertThat(contents("all", "float16"))
        .isEqualTo(new PredictionContents(Integer.MAX_VALUE, true, true));
  }

  @ParameterizedTest
  @CsvSource({"0, false, 1 to all", "most, false, 1 to all", "1, float64, float16"})
  void shouldRefuseOtherValues(String top, String features, String message) {
    assertThatThrownBy(() -> contents(top, features))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldRefuseAModelWithoutFeaturesWhereTheyAreWanted() {
    contents("5", "true").check(card(10, 96), EventFormat.AVRO);
    contents("5", "false").check(card(10, 0), EventFormat.AVRO);
    assertThatThrownBy(() -> contents("5", "true").check(card(10, 0), EventFormat.AVRO))
        .hasMessageContaining("m gives no features")
        .hasMessageContaining("set predictions.features=false");
  }

  @Test
  void shouldRefusePredictionsThatNoTopicHasRoomFor() {
    contents("all", "true").check(card(3_260, 768), EventFormat.JSON);
    contents("1000", "true").check(card(21_843, 768), EventFormat.JSON);
    assertThatThrownBy(() -> contents("all", "false").check(card(21_843, 0), EventFormat.AVRO))
        .hasMessageContaining("predictions.top: predictions of m would have up to ");
    assertThatThrownBy(() -> contents("all", "false").check(card(5_000, 0), EventFormat.JSON))
        .hasMessageContaining("set fewer classes");
  }
}

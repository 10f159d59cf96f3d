package dev.vmoe.streams.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.ModelCards;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LiveSettingsTest {

  private static final Settings FILE = new Settings(Map.of("batch.max.images", "16"));

  /** 4 experts, K 2. */
  private static final ModelCard CARD = new FakeClassifier().card();

  @Test
  void shouldLayARecordOverTheSettingsFile() {
    LiveSettings live =
        LiveSettings.of(FILE, Map.of("capacity.ratio", "0.5", "routing", "vanilla"), 7L);

    assertThat(live.version()).isEqualTo(7);
    assertThat(live.asSettings())
        .containsEntry("capacity.ratio", "0.5")
        .containsEntry("routing", "vanilla")
        .containsEntry("batch.max.images", "16")
        .containsEntry("batch.linger.ms", "20")
        .containsOnlyKeys(LiveSettings.KEYS.stream().filter(key -> !key.equals("model")).toList());
    assertThat(live.changesSince(LiveSettings.of(FILE)))
        .containsOnly(
            Map.entry("capacity.ratio", "1.05 → 0.5"), Map.entry("routing", "bpr → vanilla"));
  }

  @Test
  void shouldTakeAModelFromARecordByItsNameOnly() {
    Settings file = new Settings(Map.of("model", "/any/where/m.onnx"));

    assertThat(LiveSettings.of(file).model()).isEqualTo("/any/where/m.onnx");
    LiveSettings live = LiveSettings.of(file, Map.of("model", "vmoe-1.2_b"), 3L);
    assertThat(live.model()).isEqualTo("vmoe-1.2_b");
    assertThat(live.changesSince(LiveSettings.of(file)))
        .containsOnly(Map.entry("model", "/any/where/m.onnx → vmoe-1.2_b"));
    for (String path :
        List.of("../m", "a/b", "/m", "..", "a..b", ".a", "m.onnx", "C:m", "a b", "a".repeat(101))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> LiveSettings.of(file, Map.of("model", path), 3L))
          .withMessageContaining("'" + path + "' is no model's name");
    }
  }

  @Test
  void shouldTakeKFromTheModelWhereNoneIsSet() {
    LiveSettings live = LiveSettings.of(FILE).forModels(List.of(CARD));

    assertThat(live.capacity().point()).isEqualTo(new OperatingPoint(1.05, 2));
    assertThat(live.capacity().bounds()).isEqualTo(new CapacitySettings.Bounds(0.1, 1.05, 1, 2));
  }

  @Test
  void shouldAllowARatioAtWhichNothingIsDropped() {
    assertThatNoException()
        .isThrownBy(
            () ->
                LiveSettings.of(FILE, Map.of("capacity.ratio", "1000"), 0L)
                    .forModels(List.of(CARD)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          capacity.ratio=-0.05           | capacity.ratio: '-0.05' is not a number above 0
          capacity.ratio=NaN             | capacity.ratio: 'NaN' is not a number above 0
          capacity.mode=wild             | capacity.mode: 'wild' is not [fixed, adaptive]
          routing=${env:HOME}            | routing: '${env:HOME}' is not [bpr, vanilla]
          batch.max.images=0             | batch.max.images: '0' is not a whole number in [1,...,4096]
          experts.per.token=3            | experts.per.token: K 3 outside 1 to 2, the K that fake was trained with (4 experts)
          experts.per.token.max=5        | experts.per.token.max: K 5 outside 1 to 2
          capacity.ratio.min=2           | capacity.ratio.min 2.0 is above capacity.ratio.max 1.05
          experts.per.token.min=2,experts.per.token.max=1 | experts.per.token.min 2 is above experts.per.token.max 1
          late.policy=drop               | late.policy: 'drop' is not [answer, expire]
          capacity.mode=fixed,late.policy=expire,target.latency.ms=20 | target.latency.ms 20 is not above batch.linger.ms 20
          capacity.mode=adaptive,target.latency.ms=20 | target.latency.ms 20 is not above batch.linger.ms 20
          topic.prefix=other             | topic.prefix cannot be changed while instances run
          capacity.ration=1              | (did you mean capacity.ratio?)
          """)
  void shouldRefuseWithTheNumbers(String pairs, String message) {
    Map<String, String> overrides = new HashMap<>();
    for (String pair : pairs.split(",")) {
      overrides.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LiveSettings.of(FILE, overrides, 1L).forModels(List.of(CARD)))
        .withMessageContaining(message);
  }

  @Test
  void shouldNameAllWrongValuesOfARecordAtOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> LiveSettings.of(FILE, Map.of("capacity.ratio", "0", "routing", "random"), 1L))
        .withMessageContaining("capacity.ratio: ")
        .withMessageContaining("routing: ");
  }

  @Test
  void shouldRefuseASettingsFileThatContradictsItself() {
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(
            () -> new Settings(Map.of("capacity.ratio.min", "0.5", "capacity.ratio.max", "0.25")))
        .withMessage("capacity.ratio.min 0.5 is above capacity.ratio.max 0.25");
  }

  @Test
  void shouldNotMindKOfADenseModel() {
    ModelCard dense = dense();
    LiveSettings live = LiveSettings.of(FILE, Map.of("experts.per.token", "3"), 1L);
    assertThat(live.forModels(List.of(dense)).capacity().point().expertsPerToken()).isEqualTo(3);
    assertThat(LiveSettings.of(FILE).forModels(List.of(dense)).capacity().point().expertsPerToken())
        .isEqualTo(1);
  }

  @Test
  void shouldKnowOneTextOfAllThatMeanTheSame() {
    assertThat(LiveSettings.canonical("capacity.ratio", " 0.50")).isEqualTo("0.5");
    assertThat(LiveSettings.canonical("batch.max.images", "016")).isEqualTo("16");
  }

  private static ModelCard dense() {
    return ModelCards.of(
        "dense", "0", List.of("a"), 8, 5, List.of(), 0, 0, 1, true, "bilinear", "none");
  }

  @Test
  void shouldReadTheModelsBesideAndLeaveThemOutInFixedMode() {
    Settings file = new Settings(Map.of("model", "a", "models.ladder", " b,c "));

    LiveSettings live = LiveSettings.of(file);
    assertThat(live.ladder()).containsExactly("b", "c");
    assertThat(live.beside()).containsExactly("b", "c");
    assertThat(live.asSettings()).containsEntry("models.ladder", "b, c");
    assertThat(LiveSettings.canonical("models.ladder", "b ,c")).isEqualTo("b, c");
    LiveSettings fixed = LiveSettings.of(file, Map.of("capacity.mode", "fixed"), 1L);
    assertThat(fixed.ladder()).containsExactly("b", "c");
    assertThat(fixed.beside()).isEmpty();
    assertThat(LiveSettings.of(file, Map.of("models.ladder", "none"), 2L).beside()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"b,b", "../b", "b,", "", "none,b", "b.onnx", "a b"})
  void shouldRefuseWhatIsNoLadder(String ladder) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LiveSettings.of(FILE, Map.of("models.ladder", ladder), 1L))
        .withMessage(
            "models.ladder: '%s' is not none, or names of models, each once, separated by commas",
            ladder);
  }

  @Test
  void shouldRefuseTheModelBesideItself() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LiveSettings.of(FILE, Map.of("model", "a", "models.ladder", "b, a"), 1L))
        .withMessage("models.ladder: a is the model itself (model); name only those beside it");
  }

  @Test
  void shouldBindTheModelsWithExpertsOnlyWhereADenseOneIsBesideThem() {
    LiveSettings live = LiveSettings.of(FILE, Map.of("capacity.ratio.max", "0.5"), 1L);

    assertThat(live.forModels(List.of(dense(), CARD)).capacity().bounds())
        .isEqualTo(new CapacitySettings.Bounds(0.1, 0.5, 1, 2, Set.of(0)));
    assertThat(live.forModels(List.of(dense(), CARD)).capacity().point())
        .as("the fixed point is that of the first")
        .isEqualTo(new OperatingPoint(1.05, 1));
    assertThat(live.forModels(List.of(dense())).capacity().bounds())
        .as("a dense model alone")
        .isEqualTo(new CapacitySettings.Bounds(0.1, 0.5, 1, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                LiveSettings.of(FILE, Map.of("experts.per.token.max", "3"), 1L)
                    .forModels(List.of(dense(), CARD)))
        .withMessageContaining("experts.per.token.max: K 3 outside 1 to 2");
  }
}

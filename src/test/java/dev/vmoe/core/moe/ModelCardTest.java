package dev.vmoe.core.moe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModelCardTest {

  private static final ModelCard CARD =
      ModelCards.of(
          "demo",
          "ab12",
          List.of("T-shirt, top", "é", "1"),
          28,
          50,
          List.of(1, 3),
          8,
          2,
          1.05,
          false,
          "area",
          "4 blocks");

  @Test
  void shouldSurviveMetadata() {
    assertThat(ModelCard.fromMetadata(CARD.toMetadata())).isEqualTo(CARD);
  }

  @Test
  void shouldSurviveMetadataWithoutMoeLayers() {
    ModelCard dense =
        ModelCards.of(
            "d", "c", List.of("0"), 28, 50, List.of(), 0, 0, 1.05, true, "bilinear", "2 blocks");
    assertThat(ModelCard.fromMetadata(dense.toMetadata())).isEqualTo(dense);
  }

  private static final ModelCard GROUPED =
      new ModelCard(
          "demo",
          "ab12",
          List.of("a", "ב", "b"),
          28,
          50,
          List.of(1, 3),
          8,
          2,
          1.05,
          false,
          "area",
          "4 blocks, hidden 96",
          List.of("latin", "hebrew", "latin"),
          96);

  @Test
  void shouldKnowTheGroupsOfClassesWhereThereAreSome() {
    assertThat(ModelCard.fromMetadata(GROUPED.toMetadata())).isEqualTo(GROUPED);
    assertThat(GROUPED.groupsByClass())
        .containsExactlyInAnyOrderEntriesOf(Map.of("a", "latin", "ב", "hebrew", "b", "latin"));
    assertThat(CARD.toMetadata()).doesNotContainKey("vmoe.class_groups");
    assertThat(CARD.groupsByClass()).isEmpty();
  }

  @Test
  void shouldRefuseGroupsOfOtherThanAllClasses() {
    Map<String, String> metadata = GROUPED.toMetadata();
    metadata.put("vmoe.class_groups", "latin\nhebrew");
    assertThatThrownBy(() -> ModelCard.fromMetadata(metadata))
        .hasMessage("2 groups for 3 classes: each class needs one");
  }

  @Test
  void shouldKnowItsBlocksFromTheArchitecture() {
    assertThat(GROUPED.blocks()).hasValue(4);
    assertThat(CARD.blocks()).as("4 blocks").isEmpty();
  }

  @Test
  void shouldNameTheEntryThatIsMissing() {
    Map<String, String> metadata = CARD.toMetadata();
    metadata.remove("vmoe.num_experts");
    assertThatThrownBy(() -> ModelCard.fromMetadata(metadata))
        .hasMessage("model file has no metadata entry vmoe.num_experts");
  }

  @Test
  void shouldNameTheEntryThatCannotBeRead() {
    Map<String, String> metadata = CARD.toMetadata();
    metadata.put("vmoe.scores", "tanh");
    assertThatThrownBy(() -> ModelCard.fromMetadata(metadata))
        .hasMessage("model file's metadata entry vmoe.scores is 'tanh'");
  }

  @Test
  void shouldRefuseAResizeThatNoDecoderHas() {
    Map<String, String> metadata = CARD.toMetadata();
    metadata.put("vmoe.resize", "bicubic");
    assertThatThrownBy(() -> ModelCard.fromMetadata(metadata))
        .hasMessage(
            "resize 'bicubic' is neither bilinear nor area, nor pil-bilinear or pil-bicubic, the"
                + " last two alone or followed by -square-SIDE or -shortest-SIDE");
  }

  @Test
  void shouldRefuseMoreExpertsThanRoutingCanPutInOrder() {
    Map<String, String> metadata = CARD.toMetadata();
    metadata.put("vmoe.num_experts", "1023");
    assertThat(ModelCard.fromMetadata(metadata).numExperts()).isEqualTo(1023);
    metadata.put("vmoe.num_experts", "1024");
    assertThatThrownBy(() -> ModelCard.fromMetadata(metadata))
        .hasMessage("1024 experts of which a token goes to 2: the product may be 2047 at most");
  }
}

package dev.vmoe.streams.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.ModelCards;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ServedFilesTest {

  private static final Settings FILE =
      new Settings(Map.of("model", "first", "models.ladder", "other"));
  private static final LiveSettings LIVE = LiveSettings.of(FILE);
  private static final List<String> CLASSES = List.of("cat", "dog", "owl");
  private static final ModelFiles FIRST =
      model(card("first", 2, CLASSES, 8, "bilinear"), "held", 7);

  private static ModelCard card(
      String name, int experts, List<String> classes, int size, String resize) {
    List<Integer> blocks = experts == 0 ? List.of() : List.of(1);
    int k = Math.min(2, experts);
    return ModelCards.of(
        name, "0", classes, size, 5, blocks, experts, k, 1.05, true, resize, "none");
  }

  private static ModelFiles model(ModelCard card, String set, long seed) {
    ProfileFile profile =
        new ProfileFile(
            card.name(),
            card.weightsHash(),
            set,
            5000,
            seed,
            "vmoe lab sweep",
            List.of(new ProfileFile.MeasuredAccuracy("bpr", 1, 1.05, 64, 0.9)));
    return new ModelFiles(Path.of(card.name(), "model.onnx"), card, profile);
  }

  private static ModelFiles dense(List<String> classes, int size, String resize) {
    return model(card("other", 0, classes, size, resize), "held", 7);
  }

  private static void assertRefused(ModelFiles other, String... reasons) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ServedFiles(List.of(FIRST, other)).complete(LIVE, FILE))
        .withMessageContainingAll(reasons);
  }

  @Test
  void shouldTakeModelsThatSeeAndAnswerAlike() {
    ServedFiles files = new ServedFiles(List.of(FIRST, dense(CLASSES, 8, "bilinear")));

    LiveSettings complete = files.complete(LIVE, FILE);

    assertThat(complete.capacity().bounds().unbound()).isEqualTo(Set.of(1));
    assertThat(complete.capacity().bounds().toPoints().contains(OperatingPoint.DENSE.ofModel(1)))
        .isTrue();
    assertThat(files.names()).isEqualTo("first, other");
  }

  @Test
  void shouldSayWhatDiffers() {
    String both = "models.ladder: first and other cannot answer beside each other: ";
    assertRefused(dense(CLASSES, 16, "bilinear"), both + "image size in pixels 8 and 16");
    assertRefused(dense(CLASSES, 8, "area"), both + "resizing bilinear and area");
    assertRefused(
        dense(List.of("cat", "owl", "dog"), 8, "bilinear"),
        both + "classes 3 (class 1 is 'dog') and 3 (class 1 is 'owl')");
    assertRefused(
        dense(List.of("cat", "dog"), 8, "bilinear"), both + "classes 3 (class 2 is 'owl') and 2");
    assertRefused(
        model(card("other", 0, CLASSES, 8, "bilinear"), "held", 8),
        both + "quality profile on 5000 images of held, seed 7 and on 5000 images of held, seed 8");
    assertRefused(
        model(card("other", 0, CLASSES, 8, "bilinear"), "other", 7), "5000 images of other");
    assertRefused(
        model(card("first", 0, CLASSES, 8, "bilinear"), "held", 7),
        "two models call themselves first",
        "vmoe model import --name");
  }

  private static ModelFiles withFeatures(ModelFiles model, int length) {
    ModelCard c = model.card();
    ModelCard card =
        new ModelCard(
            c.name(),
            c.weightsHash(),
            c.classes(),
            c.imageSize(),
            c.tokensPerImage(),
            c.moeBlocks(),
            c.numExperts(),
            c.expertsPerToken(),
            c.capacityRatio(),
            c.softmax(),
            c.resize(),
            c.architecture(),
            c.groups(),
            length);
    return new ModelFiles(model.graph(), card, model.profile());
  }

  /** Readers of one topic cannot put vectors of two lengths into one index. */
  @Test
  void shouldNotGiveFeaturesOfSeveralLengths() {
    Settings file =
        new Settings(
            Map.of("model", "first", "models.ladder", "other", "predictions.features", "true"));
    LiveSettings live = LiveSettings.of(file);
    ModelFiles first = withFeatures(FIRST, 96);
    ModelFiles other = dense(CLASSES, 8, "bilinear");

    new ServedFiles(List.of(first, withFeatures(other, 96))).complete(live, file);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new ServedFiles(List.of(first, withFeatures(other, 64))).complete(live, file))
        .withMessageContaining("length of the features 96 and 64");
    new ServedFiles(List.of(first, withFeatures(other, 64))).complete(LIVE, FILE);
  }

  @Test
  void shouldSayHowToMeasureWhatWasNot() {
    ModelFiles unmeasured =
        new ModelFiles(Path.of("m", "model.onnx"), card("other", 0, CLASSES, 8, "bilinear"), null);

    assertRefused(
        unmeasured,
        "other has no quality profile",
        "vmoe lab sweep --model m/model.onnx",
        "--profile m/model.profile.json");
    LiveSettings alone = LiveSettings.of(FILE, Map.of("models.ladder", "none"), 1L);
    assertThat(new ServedFiles(List.of(unmeasured)).complete(alone, FILE).beside()).isEmpty();
  }

  @Test
  void shouldKnowWhetherProfilesCanBeCompared() {
    ModelCard other = card("other", 0, CLASSES, 8, "bilinear");
    ModelFiles unmeasured = new ModelFiles(Path.of("m", "model.onnx"), other, null);
    ServedFiles mixed = new ServedFiles(List.of(FIRST, unmeasured));

    mixed.requireAlike(); // whether they were measured does not matter for that
    assertThat(mixed.areComparable()).isFalse();
    assertThat(new ServedFiles(List.of(FIRST, model(other, "held", 8))).areComparable()).isFalse();
    assertThat(new ServedFiles(List.of(FIRST, model(other, "held", 7))).areComparable()).isTrue();
  }
}

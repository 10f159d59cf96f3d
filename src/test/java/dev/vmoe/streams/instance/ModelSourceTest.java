package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModelSourceTest {

  private final FakeClassifier classifier = new FakeClassifier();

  @Test
  void shouldTakeNoOtherModelForAnInstanceThatHasOne() {
    Settings unnamed = new Settings(Map.of("capacity.mode", "fixed"));
    assertThat(complete(unnamed, Map.of()).capacity().expertsPerToken())
        .isEqualTo(classifier.card().expertsPerToken());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> complete(unnamed, Map.of("model", "other")))
        .withMessageContaining(classifier.card().name(), "cannot change to other");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> only(unnamed).load(live(unnamed, Map.of("model", "other"))))
        .withMessageContaining("cannot change to other");

    Settings named = new Settings(Map.of("capacity.mode", "fixed", "model", "mine"));
    assertThat(complete(named, Map.of("model", "mine")).model()).isEqualTo("mine");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> complete(named, Map.of("model", "other")))
        .withMessageContaining("cannot change to other");
  }

  @Test
  void shouldRefuseWhatNoControllerCanWorkWith() {
    Settings settings = new Settings(Map.of());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> complete(settings, Map.of("batch.linger.ms", "77")))
        .withMessage("linger 77");
  }

  /** Takes any linger but 77 ms. */
  private static final class Picky implements ControllerFactory {
    @Override
    public CapacityController create(LiveSettings settings) {
      check(settings);
      return ControllerFactory.fixed().create(settings);
    }

    @Override
    public void check(LiveSettings settings) {
      if (settings.linger().toMillis() == 77) {
        throw new IllegalArgumentException("linger 77");
      }
    }
  }

  private ModelSource only(Settings settings) {
    return ModelSource.only(
        settings.getString(Settings.MODEL), classifier, new FakeDecoder(8 * 8 * 3), new Picky());
  }

  private LiveSettings complete(Settings settings, Map<String, String> overrides) {
    return only(settings).complete(live(settings, overrides));
  }

  private static LiveSettings live(Settings settings, Map<String, String> overrides) {
    return LiveSettings.of(settings, overrides, 7L);
  }

  @Test
  void shouldRefuseAnotherModelBesideTheOne() {
    Settings settings = new Settings(Map.of());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> complete(settings, Map.of("models.ladder", "other")))
        .withMessageContaining("cannot change to the one of the settings file beside other");
    assertThat(
            complete(settings, Map.of("models.ladder", "other", "capacity.mode", "fixed")).ladder())
        .containsExactly("other");
  }
}

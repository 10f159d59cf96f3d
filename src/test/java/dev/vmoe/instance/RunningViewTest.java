package dev.vmoe.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.vmoe.inference.FakeClassifier;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunningViewTest {

  private final ModelCard card = new FakeClassifier(Duration.ZERO).card();

  @Test
  void shouldWriteNoOtherModelForAnInstanceThatHasOne() {
    Settings unnamed = new Settings(Map.of("capacity.mode", "fixed"));
    assertThat(checked(unnamed, Map.of()).capacity().expertsPerToken())
        .isEqualTo(card.expertsPerToken());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> checked(unnamed, Map.of("model", "other")))
        .withMessageContaining(card.name(), "cannot change to other");

    Settings named = new Settings(Map.of("capacity.mode", "fixed", "model", "mine"));
    assertThat(checked(named, Map.of("model", "mine")).model()).isEqualTo("mine");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> checked(named, Map.of("model", "other")))
        .withMessageContaining("cannot change to other");
  }

  private LiveSettings checked(Settings settings, Map<String, String> overrides) {
    return RunningView.checked(LiveSettings.of(settings, overrides, 7L), settings, card, null);
  }
}

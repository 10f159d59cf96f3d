package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.console.Health;
import dev.vmoe.app.console.RunningInstance;
import dev.vmoe.event.RegistryUnavailableException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What can be seen of a start that waits for the schema registry. */
class RegistryWaitTest {

  private static final String REFUSED = "http://registry refuses with 403";

  @Test
  void shouldLetTheHealthSayWhatTheStartWaitsFor() {
    RunningInstance instance = new RunningInstance();
    Health before = instance.health();
    List<Health> during = new ArrayList<>();

    new RegistryWait("the start", Duration.ofMillis(1), instance::waiting)
        .until(
            () -> {
              during.add(instance.health());
              if (during.size() < 3) {
                throw new RegistryUnavailableException(REFUSED, new IOException());
              }
            });

    assertThat(during).hasSize(3);
    assertThat(during.get(0)).isEqualTo(before);
    assertThat(during.get(2).waitingFor())
        .containsExactly("the schema registry, as long as it takes: " + REFUSED);
    assertThat(during).allMatch(health -> health.live() && !health.ready());
    assertThat(instance.health()).isEqualTo(before);
  }
}

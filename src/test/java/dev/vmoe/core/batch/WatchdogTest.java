package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WatchdogTest {

  private static final Duration LOOK = Duration.ofMillis(100);

  private final Watchdog watchdog = new Watchdog();
  private final List<String> overdue = new ArrayList<>();

  @Test
  void shouldTellOnceOfWhatTakesLongerThanItMay() {
    begin("slow", 500);
    begin("slower", 1_000);

    look(6); // the first one only sees it
    assertThat(overdue).isEmpty();
    look(1);
    assertThat(overdue).containsExactly("slow");
    look(5);
    assertThat(overdue).containsExactly("slow", "slower");
    look(20);
    assertThat(overdue).hasSize(2);
  }

  @Test
  void shouldNotTellOfWhatHasEnded() {
    Watchdog.WatchedWork piece = begin("ended", 500);
    look(4);
    piece.end();
    look(10);

    assertThat(overdue).isEmpty();
  }

  @Test
  void shouldCountAPauseOfTheProcessAsOneLook() {
    begin("stopped", 500);
    look(1);
    watchdog.check(Duration.ofSeconds(40));
    assertThat(overdue).isEmpty();

    look(3);
    assertThat(overdue).containsExactly("stopped");
  }

  @Test
  void shouldWatchOnWhenOneCannotBeGivenUp() {
    watchdog.watch(
        LOOK,
        () -> {
          throw new AssertionError("given up");
        });
    begin("other", 100);
    look(3);

    assertThat(overdue).containsExactly("other");
  }

  private Watchdog.WatchedWork begin(String name, long boundMs) {
    return watchdog.watch(Duration.ofMillis(boundMs), () -> overdue.add(name));
  }

  private void look(int times) {
    for (int i = 0; i < times; i++) {
      watchdog.check(LOOK);
    }
  }
}

package dev.vmoe.app.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SwellTest {

  private long nanos;
  private final Swell swell = new Swell(() -> 100, 0.5, 1.5, Duration.ofSeconds(60), () -> nanos);

  /** Returns the images of the second that begins at this time. */
  private int sentFrom(int second) {
    int sent = 0;
    while (nanos < (second + 1) * 1_000_000_000L) {
      long wait = swell.nanosUntilNext();
      nanos += Math.max(0, wait);
      if (nanos >= second * 1_000_000_000L) {
        sent++;
      }
    }
    return sent;
  }

  @Test
  void shouldRiseAndFallAroundWhatIsAttainable() {
    assertThat(sentFrom(0)).isCloseTo(50, within(2));
    assertThat(sentFrom(15)).isCloseTo(102, within(4));
    assertThat(sentFrom(30)).isCloseTo(150, within(2));
    assertThat(sentFrom(60)).isCloseTo(50, within(2));
  }

  @Test
  void shouldCatchUpAfterADelay() {
    swell.nanosUntilNext();
    nanos += 1_000_000_000L;

    int late = 0;
    while (swell.nanosUntilNext() <= 0) {
      late++;
    }
    assertThat(late).isCloseTo(50, within(2));
  }
}

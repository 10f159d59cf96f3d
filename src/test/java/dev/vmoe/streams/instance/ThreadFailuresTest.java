package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ThreadFailuresTest {

  private final ThreadFailures failures = new ThreadFailures(2, Duration.ofSeconds(60));

  @Test
  void shouldBearFailuresUpToTheBound() {
    assertThat(exceededAt(0)).isFalse();
    assertThat(exceededAt(50)).isFalse();
    assertThat(exceededAt(100)).isTrue();
  }

  @Test
  void shouldBeginAnewAfterAQuietWhile() {
    assertThat(exceededAt(0)).isFalse();
    assertThat(exceededAt(1)).isFalse();
    assertThat(exceededAt(62)).isFalse();
    assertThat(exceededAt(63)).isFalse();
    assertThat(exceededAt(64)).isTrue();
  }

  private boolean exceededAt(long seconds) {
    return failures.exceededBy(Duration.ofSeconds(seconds).toNanos());
  }
}

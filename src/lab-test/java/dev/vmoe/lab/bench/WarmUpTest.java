package dev.vmoe.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Time and the compiler are made up: each stretch of work takes 5 s. */
class WarmUpTest {

  private static final Duration MAX = Duration.ofSeconds(60);

  private int stretches;
  private long nanos;
  private long compiledMillis;

  private int stretches(Duration max, long... compileMillis) throws InterruptedException {
    WarmUp warmUp = new WarmUp(() -> compiledMillis, () -> nanos);
    warmUp.run(
        () -> {
          compiledMillis += compileMillis[Math.min(stretches++, compileMillis.length - 1)];
          nanos += 5_000_000_000L;
        },
        max);
    return stretches;
  }

  @Test
  void shouldWorkUntilTheCompilerRests() throws Exception {
    assertThat(stretches(MAX, 4000, 3000, 300, 150, 4000)).isEqualTo(4);
  }

  @Test
  void shouldWorkOnceWhereNothingIsCompiled() throws Exception {
    assertThat(stretches(MAX, 0)).isEqualTo(1);
  }

  @Test
  void shouldEndWhereTheCompilerNeverRests() throws Exception {
    assertThat(stretches(MAX, 5000)).isEqualTo(12);
  }

  @Test
  void shouldWorkOnceWhereNoTimeIsGiven() throws Exception {
    assertThat(stretches(Duration.ZERO, 5000)).isEqualTo(1);
  }
}

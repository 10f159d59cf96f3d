package dev.vmoe.app.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PaceTest {

  private long now = 5_000;

  @Test
  void shouldKeepTheOfferedLoadWhenAStepTookLong() {
    Pace pace = new Pace(1e6, () -> now); // a step each 1000 ns

    assertThat(pace.nanosUntilNext()).isZero();
    assertThat(pace.nanosUntilNext()).isEqualTo(1000);
    now += 3_500;
    assertThat(pace.nanosUntilNext()).isEqualTo(-1500);
    assertThat(pace.nanosUntilNext()).isEqualTo(-500);
    assertThat(pace.nanosUntilNext()).isEqualTo(500);
  }

  @Test
  void shouldNotWaitWithoutARate() {
    Pace pace = new Pace(Double.POSITIVE_INFINITY, () -> now);

    assertThat(pace.nanosUntilNext()).isZero();
    assertThat(pace.nanosUntilNext()).isZero();
  }

  @Test
  void shouldRefuseARateThatNeverGetsAnywhere() {
    assertThatThrownBy(() -> new Pace(0)).hasMessage("rate 0.0 is not above 0 a second");
  }
}

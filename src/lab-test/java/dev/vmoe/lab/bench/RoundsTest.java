package dev.vmoe.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundsTest {

  private long now;

  /** A thing that takes these times, one after the other. */
  private Runnable taking(long... nanos) {
    return new Runnable() {
      private int run;

      @Override
      public void run() {
        now += nanos[run++];
      }
    };
  }

  @Test
  void shouldTellTheFastestAndTheMedianWithoutTheRoundThatWarmsUp() {
    Rounds rounds = new Rounds(() -> now);
    rounds.add("a", taking(1, 900, 300, 500, 400));
    for (int i = 0; i < 5; i++) {
      rounds.next();
    }
    assertThat(rounds.fastest("a")).isEqualTo(300e-9);
    assertThat(rounds.median("a")).isEqualTo(450e-9);
  }

  @Test
  void shouldTimeThingsInTurn() {
    List<String> order = new ArrayList<>();
    Rounds rounds = new Rounds();
    rounds.add("a", () -> order.add("a"));
    rounds.add("b", () -> order.add("b"));
    rounds.next();
    rounds.next();
    assertThat(order).containsExactly("a", "b", "a", "b");
  }

  @Test
  void shouldHaveNoTimeOfWhatWasOnlyWarmedUp() {
    Rounds rounds = new Rounds();
    rounds.add("a", () -> {});
    rounds.next();
    assertThatThrownBy(() -> rounds.fastest("a")).hasMessageContaining("one more round");
    assertThatThrownBy(() -> rounds.fastest("b")).hasMessageContaining("only [a]");
  }
}

package dev.vmoe.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Iterator;
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
  void shouldTellTheFastestAndTheMedianWithoutTheRoundThatWarmsUp() throws Exception {
    Rounds rounds = new Rounds(() -> now);
    rounds.addTimed("a", taking(1, 900, 300, 500, 400));
    List<Long> done = new ArrayList<>();
    rounds.run(4, done::add);
    assertThat(rounds.fastest("a")).isEqualTo(300e-9);
    assertThat(rounds.median("a")).isCloseTo(450e-9, within(1e-15));
    assertThat(done).containsExactly(1L, 2L, 3L, 4L, 5L);
  }

  @Test
  void shouldMeasureThingsInTurn() throws Exception {
    List<String> order = new ArrayList<>();
    Rounds rounds = new Rounds();
    rounds.addTimed("a", () -> order.add("a"));
    rounds.addTimed("b", () -> order.add("b"));
    rounds.run(1, done -> {});
    assertThat(order).containsExactly("a", "b", "a", "b");
  }

  @Test
  void shouldLetEachThingBeginARoundWhereThatIsWanted() throws Exception {
    List<String> order = new ArrayList<>();
    Rounds rounds = new Rounds().rotating();
    for (String thing : List.of("a", "b", "c")) {
      rounds.addTimed(thing, () -> order.add(thing));
    }
    rounds.run(3, done -> {});
    assertThat(String.join("", order)).isEqualTo("abc" + "abc" + "bca" + "cab");
  }

  @Test
  void shouldKeepFiguresByRoundAndWhatIsNotedWithThem() throws Exception {
    Iterator<Double> rates = List.of(1000.0, 10.0, 40.0, 31.0).iterator();
    Rounds rounds = new Rounds();
    rounds.add(
        "rate",
        () -> {
          double rate = rates.next();
          rounds.note("half", rate / 2);
          return rate;
        });
    rounds.run(3, done -> {});
    assertThat(rounds.figures("rate")).containsExactly(10, 40, 31);
    assertThat(rounds.median("rate")).isEqualTo(31);
    assertThat(rounds.figures("half")).containsExactly(5, 20, 15.5);
  }

  @Test
  void shouldHaveNoTimeOfWhatWasOnlyWarmedUp() throws Exception {
    Rounds rounds = new Rounds();
    rounds.addTimed("a", () -> {});
    rounds.run(0, done -> {});
    assertThatThrownBy(() -> rounds.fastest("a")).hasMessageContaining("one more round");
    assertThatThrownBy(() -> rounds.fastest("b")).hasMessageContaining("only [a]");
  }
}

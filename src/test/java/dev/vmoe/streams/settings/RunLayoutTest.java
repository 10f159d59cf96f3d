package dev.vmoe.streams.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.inference.RunLayout;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunLayoutTest {

  @Test
  void shouldShareOutTheCores() {
    assertThat(RunLayout.over(1, 0)).containsExactly(new RunLayout(1, 1));
    assertThat(RunLayout.over(2, 0)).containsExactly(new RunLayout(1, 2), new RunLayout(2, 1));
    assertThat(RunLayout.over(3, 0)).containsExactly(new RunLayout(1, 3), new RunLayout(3, 1));
    assertThat(RunLayout.over(6, 0))
        .containsExactly(
            new RunLayout(1, 6), new RunLayout(2, 3), new RunLayout(3, 2), new RunLayout(6, 1));
  }

  @Test
  void shouldKeepTheThreadsThatAreSet() {
    assertThat(RunLayout.over(8, 3)).containsExactly(new RunLayout(1, 3), new RunLayout(2, 3));
    assertThat(RunLayout.over(2, 5)).containsExactly(new RunLayout(1, 5));
  }

  @Test
  void shouldTryNoMoreRunsThanMemoryIsLikelyToAllow() {
    List<RunLayout> layouts = RunLayout.over(128, 0);

    assertThat(layouts.get(layouts.size() - 1)).isEqualTo(new RunLayout(16, 8));
  }

  @Test
  void shouldLeaveNothingOpenWhereTheRunsAreSet() {
    Settings settings = new Settings(Map.of("inference.runs", 3, "inference.threads", 2));

    assertThat(settings.runLayouts()).containsExactly(new RunLayout(3, 2));
  }

  @Test
  void shouldRefuseARunWithoutAThread() {
    assertThatThrownBy(() -> new RunLayout(2, 0)).hasMessage("2 runs at once on 0 threads");
  }
}

package dev.vmoe.streams.clips;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.event.ClassScore;
import dev.vmoe.event.Clip;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a window when windows get another length. */
class ClipWindowsTest {

  private static ClipFrame frame(long time) {
    return new ClipFrame(time, List.of(new ClassScore(3, "cat", 0.5f)), null, "images", 0, 0);
  }

  @ParameterizedTest
  @CsvSource({
    "1000, 60000, 5500, 0",
    "1000, 60000, 6500, 0",
    "60000, 1000, 5500, 5000",
    "60000, 1000, 900, 0",
  })
  void shouldCloseAWindowOfAnotherLength(long before, long now, long time, long start) {
    Clip open = new ClipWindows(before).add(null, frame(5_200)).state();

    ClipWindows.WindowStep step = new ClipWindows(now).add(open, frame(time));

    assertThat(step.late()).isFalse();
    assertThat(step.clip()).isNotNull();
    assertThat(step.clip().getWindowEnd() - step.clip().getWindowStart()).isEqualTo(before);
    assertThat(step.clip().getFrames()).isEqualTo(1);
    assertThat(step.state().getWindowStart()).isEqualTo(start);
    assertThat(step.state().getFrames()).isEqualTo(1);
    assertThat(step.state().getMissingWindows()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"1000, 60000, 5500", "60000, 1000, 59000", "1000, 60000, 4900"})
  void shouldCountWhatIsLateInAWindowOfAnotherLength(long before, long now, long time) {
    ClipWindows first = new ClipWindows(before);
    Clip closed = first.close(first.add(null, frame(5_200)).state()).state();

    assertThat(new ClipWindows(now).add(closed, frame(time)).late()).isTrue();
  }
}

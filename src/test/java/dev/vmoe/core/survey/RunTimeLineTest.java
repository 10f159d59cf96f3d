package dev.vmoe.core.survey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.survey.RunTimeLine.MeasuredTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RunTimeLineTest {

  /** 9 ratios of K 1 and of K 2: 100 ns and a nanosecond a row, and noise. */
  private static RunTimeLine line(double deviation, long seed) {
    Random random = new Random(seed);
    List<MeasuredTime> measured = new ArrayList<>();
    for (int k = 1; k <= 2; k++) {
      for (int work = 10; work <= 90; work += 10) {
        measured.add(new MeasuredTime(k, work, 100 * k + work + deviation * random.nextGaussian()));
      }
    }
    return RunTimeLine.through(measured);
  }

  @Test
  void shouldRiseWhereTimesLieOnALine() {
    RunTimeLine line = line(0, 1);
    assertThat(line.rises()).isTrue();
    assertThat(line.nanos(2, 55).orElseThrow()).isCloseTo(255, within(1e-6));
    assertThat(line.nanos(3, 55)).isEmpty();
  }

  @Test
  void shouldRiseWhereNoiseIsSmallAndNotWhereItIsLarge() {
    assertThat(IntStream.range(0, 100).filter(seed -> line(10, seed).rises()).count())
        .isEqualTo(100);
    assertThat(IntStream.range(0, 100).filter(seed -> line(500, seed).rises()).count())
        .as("by accident")
        .isLessThan(3);
  }

  @Test
  void shouldNotRiseWhereWorkSavesTime() {
    assertThat(
            RunTimeLine.through(
                    List.of(
                        new MeasuredTime(1, 10, 50),
                        new MeasuredTime(1, 20, 40),
                        new MeasuredTime(1, 30, 30)))
                .rises())
        .isFalse();
  }

  @Test
  void shouldNotAskForALineThroughTheSameWork() {
    assertThat(RunTimeLine.through(List.of(new MeasuredTime(1, 10, 50))).rises()).isTrue();
  }
}

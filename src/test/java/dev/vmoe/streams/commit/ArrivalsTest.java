package dev.vmoe.streams.commit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ArrivalsTest {

  private final Arrivals arrivals = new Arrivals(1_000);

  @Test
  void shouldTakeWhatWasThereForSeenWhenThePartitionWasTaken() {
    assertThat(arrivals.seenNanos(7)).isEqualTo(1_000);

    arrivals.read(2_000, 500, 100);
    assertThat(arrivals.seenNanos(100)).isEqualTo(1_000);
    assertThat(arrivals.seenNanos(499)).isEqualTo(1_000);
  }

  @Test
  void shouldSpreadWhatCameBetweenTwoReadings() {
    arrivals.read(2_000, 100, 100);
    arrivals.read(3_000, 110, 100);
    arrivals.read(4_000, 110, 100);
    arrivals.read(5_000, 130, 100);

    assertThat(arrivals.seenNanos(100)).isEqualTo(2_000);
    assertThat(arrivals.seenNanos(105)).isEqualTo(2_500);
    assertThat(arrivals.seenNanos(110)).as("after the pause").isEqualTo(4_000);
    assertThat(arrivals.seenNanos(120)).isEqualTo(4_500);
  }

  @Test
  void shouldKnowBetweenWhichTimesARecordCame() {
    assertThat(arrivals.arrival(7, 1_500).latestNanos()).isEqualTo(1_500);
    arrivals.read(2_000, 100, 0);
    arrivals.read(3_000, 110, 0);

    assertThat(arrivals.arrival(99, 9_000).latestNanos())
        .as("before the instance")
        .isEqualTo(9_000);
    assertThat(arrivals.arrival(99, 9_000).earliestNanos()).isNegative();
    assertThat(arrivals.arrival(105, 9_000)).isEqualTo(new Deadlines.ArrivalBounds(2_500, 2_500));
    assertThat(arrivals.arrival(110, 9_000)).isEqualTo(new Deadlines.ArrivalBounds(3_000, 9_000));

    arrivals.read(4_000, 120, 115);
    assertThat(arrivals.arrival(115, 9_000)).isEqualTo(new Deadlines.ArrivalBounds(3_500, 3_500));
    arrivals.read(5_000, 3, 0);
    assertThat(arrivals.arrival(2, 9_000).latestNanos()).as("made anew").isEqualTo(9_000);
  }

  @Test
  void shouldTakeWhatWasNotReadYetForSeenAtTheLastReading() {
    arrivals.read(2_000, 100, 100);
    arrivals.read(3_000, 110, 100);

    assertThat(arrivals.seenNanos(110)).isEqualTo(3_000);
    assertThat(arrivals.seenNanos(1_000)).isEqualTo(3_000);
  }

  @Test
  void shouldForgetWhatIsAnsweredAndStillKnowWhatWaits() {
    for (int i = 0; i <= 20; i++) {
      arrivals.read(10_000 + i * 1_000L, i * 10L, Math.max(0, i * 10L - 25));
    }

    assertThat(arrivals.seenNanos(175)).isEqualTo(27_500);
    assertThat(arrivals.readings()).isLessThan(6);
  }

  @Test
  void shouldStayBoundedWhileABacklogGrowsAndKeepItsBeginning() {
    for (int i = 0; i < 10_000; i++) {
      arrivals.read(2_000 + i * 1_000L, i * 10L, 0);
    }

    assertThat(arrivals.readings()).isLessThanOrEqualTo(Arrivals.MAX_READINGS);
    assertThat(arrivals.seenNanos(0)).isEqualTo(2_000);
    assertThat(arrivals.seenNanos(5)).isEqualTo(2_500);
    assertThat(arrivals.seenNanos(50_005)).isEqualTo(2_000 + 5_000_500);
    assertThat(arrivals.seenNanos(99_990)).isEqualTo(2_000 + 9_999_000);
  }

  @Test
  void shouldBeginAnewWhereTheTopicWasMadeAnew() {
    arrivals.read(2_000, 100, 100);
    arrivals.read(3_000, 110, 100);
    arrivals.read(4_000, 5, 0);

    assertThat(arrivals.seenNanos(3)).isEqualTo(1_000);
  }
}

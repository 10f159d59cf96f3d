package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.capacity.Load;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class BacklogTest {

  private static final TopicPartition ZERO = new TopicPartition("images", 0);
  private static final TopicPartition ONE = new TopicPartition("images", 1);

  private final Backlog backlog = new Backlog(Duration.ofSeconds(1));
  private final Map<TopicPartition, Backlog.PartitionReading> partitions = new HashMap<>();

  @Test
  void shouldSumWhatWaitsInAllPartitions() {
    partition(ZERO, 100, 40, 1);
    partition(ONE, 50, 50, 1);
    assertThat(read(0)).isEqualTo(new Load(60, 0, 0));
  }

  @Test
  void shouldCountNothingWhereMoreWasEmittedThanWasRead() {
    partition(ZERO, 100, 120, 1);
    assertThat(read(0).backlogImages()).isZero();
  }

  @Test
  void shouldMeasureArrivalsOverTheLastSecond() {
    arrivals(0, 0);
    assertThat(arrivals(500, 100)).isEqualTo(200);
    assertThat(arrivals(1000, 200)).isEqualTo(200);
    assertThat(arrivals(1500, 200)).isEqualTo(100);
    assertThat(arrivals(2000, 200)).isZero();
    assertThat(arrivals(2500, 700)).isEqualTo(500);
  }

  @Test
  void shouldNotTakeAnAssignmentForArrivals() {
    arrivals(0, 0);
    arrivals(500, 50);
    partition(ONE, 1_000_000, 0, 1);

    assertThat(arrivals(1000, 100)).isEqualTo(100);
    assertThat(read(1000).backlogImages()).isEqualTo(1_000_100);
    partition(ONE, 1_000_030, 0, 1);
    assertThat(arrivals(1500, 150)).as("100 + 30 in half a second").isCloseTo(160, within(1e-6));
    partitions.remove(ONE);
    assertThat(arrivals(2000, 200)).isEqualTo(100);
    partition(ONE, 2_000_000, 0, 1);
    assertThat(arrivals(2500, 250)).isEqualTo(100);
  }

  @Test
  void shouldSpreadArrivalsOverAnOutage() {
    arrivals(0, 0);
    arrivals(500, 50);
    assertThat(arrivals(10_500, 1050)).isEqualTo(100);
  }

  @Test
  void shouldScaleOffsetsByHowManyHeldAnImage() {
    partition(ZERO, 0, 0, 0.5);
    read(0);
    partition(ZERO, 200, 100, 0.5);
    assertThat(read(1000)).isEqualTo(new Load(50, 100, 0));
  }

  /** A partition of which nothing counts now goes on as if it had. */
  @Test
  void shouldKnowTheArrivalsOfAPartitionThatCountsAgain() {
    arrivals(0, 0);
    partition(ZERO, 100, 0, 0);
    assertThat(read(500)).isEqualTo(new Load(0, 0, 0));
    assertThat(arrivals(1000, 200)).isEqualTo(200);
  }

  @Test
  void shouldStartAgainWhenTheTopicWasMadeAnew() {
    arrivals(0, 1000);
    assertThat(arrivals(500, 10)).isZero();
    assertThat(arrivals(1000, 60)).isEqualTo(100);
  }

  private double arrivals(long millis, long end) {
    partition(ZERO, end, 0, 1);
    return read(millis).arrivalsPerSecond();
  }

  private void partition(TopicPartition partition, long end, long emitted, double share) {
    partitions.put(partition, new Backlog.PartitionReading(end, emitted, share));
  }

  private Load read(long millis) {
    return backlog.read(Duration.ofMillis(millis).toNanos(), partitions);
  }
}

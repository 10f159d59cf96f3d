package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.commit.CommitGuard;
import dev.vmoe.streams.commit.PartitionQueue;
import dev.vmoe.streams.commit.PartitionQueues;
import dev.vmoe.streams.commit.QueueRecords;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.commit.StreamThreadState;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class EarlyCommitTest {

  private static final int BYTES = 1_000;

  private final PartitionQueues queues = new PartitionQueues();
  private final PartitionQueue queue = queues.open(new TopicPartition("images", 0));
  private final StreamThreadState thread = new StreamThreadState(Duration.ZERO);

  @Test
  void shouldCommitAsLongAsNoFullBatchIsInFlight() {
    EarlyCommit early = new EarlyCommit(queues, () -> 2, BYTES, Duration.ZERO);
    assertThat(early.due(thread)).isTrue();
    QueuedRecord first = QueueRecords.addBatched(queue, QueueRecords.at(0));
    assertThat(early.due(thread)).isTrue();
    QueuedRecord second = QueueRecords.addBatched(queue, QueueRecords.at(1));
    assertThat(early.due(thread)).isFalse();
    QueueRecords.emit(queue, first);
    assertThat(early.due(thread)).isTrue();
    QueueRecords.emit(queue, second);
    QueueRecords.addBatched(queue, QueueRecords.at(2, BYTES));
    assertThat(early.due(thread)).isFalse();
  }

  @Test
  void shouldLeaveTimeBetweenTwoCommits() {
    EarlyCommit early = new EarlyCommit(queues, () -> 2, BYTES, Duration.ofHours(1));
    assertThat(early.due(thread)).isFalse();
  }

  @Test
  void shouldSpendNoMoreThanHalfOfTheTimeOnSlowCommits() {
    EarlyCommit early = new EarlyCommit(queues, () -> 2, BYTES, Duration.ZERO);
    CommitGuard guard = ProcessorFixture.guard(Duration.ZERO, 0);

    guard.committed(Map.of(), Duration.ofHours(1));
    assertThat(early.due(guard.thread())).isFalse();

    guard.committed(Map.of(), Duration.ZERO);
    assertThat(early.due(guard.thread())).isTrue();
  }
}

package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.commit.CommitGuard;
import dev.vmoe.streams.commit.StreamThreadState;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EarlyCommitTest {

  private static final long BYTES = 1_000;

  private final InFlight inFlight = new InFlight(() -> 100, 1_000_000);
  private final InFlight.Partition partition = inFlight.open();
  private final StreamThreadState thread = new StreamThreadState(Duration.ZERO);

  @Test
  void shouldCommitAsLongAsNoFullBatchIsInFlight() {
    EarlyCommit early = new EarlyCommit(inFlight, () -> 2, BYTES, Duration.ZERO);
    assertThat(early.due(thread)).isTrue();
    partition.add(1);
    assertThat(early.due(thread)).isTrue();
    partition.add(1);
    assertThat(early.due(thread)).isFalse();
    partition.remove(1);
    assertThat(early.due(thread)).isTrue();
    partition.remove(1);
    partition.add(BYTES);
    assertThat(early.due(thread)).isFalse();
  }

  @Test
  void shouldLeaveTimeBetweenTwoCommits() {
    EarlyCommit early = new EarlyCommit(inFlight, () -> 2, BYTES, Duration.ofHours(1));
    assertThat(early.due(thread)).isFalse();
  }

  @Test
  void shouldSpendNoMoreThanHalfOfTheTimeOnSlowCommits() {
    EarlyCommit early = new EarlyCommit(inFlight, () -> 2, BYTES, Duration.ZERO);
    CommitGuard guard = ProcessorFixture.guard(Duration.ZERO, 0);

    guard.committed(Map.of(), Duration.ofHours(1));
    assertThat(early.due(guard.thread())).isFalse();

    guard.committed(Map.of(), Duration.ZERO);
    assertThat(early.due(guard.thread())).isTrue();
  }
}

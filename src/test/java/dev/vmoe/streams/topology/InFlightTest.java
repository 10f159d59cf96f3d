package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InFlightTest {

  private int maxImages = 3;
  private final InFlight inFlight = new InFlight(() -> maxImages, 1000);
  private final InFlight.Partition zero = inFlight.open();
  private final InFlight.Partition one = inFlight.open();

  @Test
  void shouldCountImagesByPartition() {
    add(zero, 2, 1);
    add(one, 2, 1);
    assertThat(zero.over()).isFalse();

    add(zero, 1, 1);
    assertThat(zero.over()).isTrue();
    assertThat(zero.full()).isFalse();
    assertThat(one.over()).isFalse();

    add(zero, 3, 1);
    assertThat(zero.full()).isTrue();
  }

  @Test
  void shouldReachAsFarAsAPartitionMayGetWithoutWaiting() {
    while (!zero.full()) {
      zero.add(1);
    }

    assertThat(inFlight.reach()).isEqualTo(zero.images());
  }

  @Test
  void shouldFollowTheBoundOnImages() {
    add(zero, 3, 1);
    maxImages = 4;
    assertThat(zero.over()).isFalse();

    maxImages = 1;
    assertThat(zero.full()).isTrue();
  }

  @Test
  void shouldCountBytesOverAllPartitions() {
    add(zero, 1, 600);
    add(one, 1, 400);
    assertThat(zero.over()).isFalse();

    add(one, 1, 1);
    assertThat(zero.over()).isTrue();
    assertThat(one.over()).isTrue();
    assertThat(one.full()).isFalse();

    add(zero, 1, 1001);
    assertThat(one.full()).isTrue();
    zero.remove(1001);
    zero.remove(600);
    assertThat(one.over()).isFalse();
  }

  @Test
  void shouldNeverLetAPartitionWaitForOthersAlone() {
    add(zero, 2, 5000);

    assertThat(one.over()).isFalse();
    assertThat(one.full()).isFalse();
  }

  @Test
  void shouldForgetWhatAClosedPartitionHad() {
    add(zero, 2, 700);
    add(one, 1, 10);
    zero.close();
    zero.close();

    assertThat(inFlight.bytes()).isEqualTo(10);
    assertThat(zero.images()).isZero();
  }

  @Test
  void shouldLetNobodyWaitOnceTheInstanceStops() {
    add(zero, 6, 5000);
    inFlight.stop();

    assertThat(zero.over()).isFalse();
    assertThat(zero.full()).isFalse();
  }

  private static void add(InFlight.Partition partition, int records, long bytes) {
    for (int i = 0; i < records; i++) {
      partition.add(bytes);
    }
  }
}

package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import org.junit.jupiter.api.Test;

class BufferRoomTest {

  private static final long HALF_A_GIGABYTE = 512L << 20;

  @Test
  void shouldRefuseBatchesThatDoNotFitOutsideTheHeap() {
    assertThatNoException().isThrownBy(() -> BufferRoom.require(224, 890, 3, HALF_A_GIGABYTE));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BufferRoom.require(224, 4096, 3, HALF_A_GIGABYTE))
        .withMessageContaining("batch.max.images 4096: 3 buffers of 616562688 bytes")
        .withMessageContaining("536870912 bytes outside the heap")
        .withMessageContaining("VMOE_DIRECT_MEMORY");
  }

  @Test
  void shouldCountABufferForEachRun() {
    assertThat(MicroBatcher.buffers(1)).isEqualTo(3);
    assertThat(MicroBatcher.buffers(2)).isEqualTo(4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BufferRoom.require(224, 890, 4, HALF_A_GIGABYTE))
        .withMessageContaining("4 buffers");
  }

  @Test
  void shouldRefuseABufferThatIsLargerThanAnyMayBe() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BufferRoom.require(512, 4096, 3, Long.MAX_VALUE / 4));
  }

  @Test
  void shouldKnowWhatThisJvmMayTake() {
    assertThat(BufferRoom.ofThisJvm()).isGreaterThan(1 << 20);
  }
}

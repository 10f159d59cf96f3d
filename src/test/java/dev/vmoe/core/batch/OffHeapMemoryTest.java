package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import org.junit.jupiter.api.Test;

class OffHeapMemoryTest {

  private static final long MIB = 1 << 20;
  private static final OffHeapMemory HALF_A_GIGABYTE = direct(512 * MIB);

  private static OffHeapMemory direct(long bytes) {
    return new OffHeapMemory(0, 0, bytes);
  }

  @Test
  void shouldRefuseBatchesThatDoNotFitOutsideTheHeap() {
    assertThatNoException().isThrownBy(() -> HALF_A_GIGABYTE.requireBuffers(224, 890, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HALF_A_GIGABYTE.requireBuffers(224, 4096, 1))
        .withMessageContaining("batch.max.images 4096: 3 buffers of 616562688 bytes")
        .withMessageContaining("536870912 bytes outside the heap")
        .withMessageContaining("VMOE_DIRECT_MEMORY");
  }

  @Test
  void shouldCountABufferForEachRun() {
    assertThat(MicroBatcher.buffers(1)).isEqualTo(3);
    assertThat(MicroBatcher.buffers(2)).isEqualTo(4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HALF_A_GIGABYTE.requireBuffers(224, 890, 2))
        .withMessageContaining("4 buffers");
  }

  @Test
  void shouldRefuseABufferThatIsLargerThanAnyMayBe() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> direct(Long.MAX_VALUE / 4).requireBuffers(512, 4096, 1));
  }

  @Test
  void shouldLeaveToDecodingWhatHeapBuffersModelAndTheRestDoNotTake() {
    OffHeapMemory memory = new OffHeapMemory(3072 * MIB, 768 * MIB, 768 * MIB);

    assertThat(memory.decodeBytes(14 * MIB)).isEqualTo((3072 - 768 - 768 - 234 - 14) * MIB);
    assertThat(memory.leftBytes(14 * MIB)).isEqualTo(memory.decodeBytes(14 * MIB));
  }

  @Test
  void shouldLeaveEnoughForAPlainPictureWhereLittleIsLeft() {
    OffHeapMemory memory = new OffHeapMemory(1024 * MIB, 512 * MIB, 512 * MIB);

    assertThat(memory.decodeBytes(14 * MIB)).isEqualTo(192 * MIB);
    assertThat(memory.leftBytes(14 * MIB)).isNegative();
  }

  @Test
  void shouldKnowThisMachine() {
    OffHeapMemory memory = OffHeapMemory.ofThisJvm();

    assertThat(memory.directBytes()).isGreaterThan(1 << 20);
    assertThat(memory.decodeBytes(0))
        .isGreaterThanOrEqualTo(OffHeapMemory.MIN_DECODE_BYTES)
        .isLessThan(memory.limitBytes());
  }
}

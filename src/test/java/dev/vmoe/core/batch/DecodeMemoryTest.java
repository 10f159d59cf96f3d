package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.settings.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DecodeMemoryTest {

  private static final long MIB = 1 << 20;

  @Test
  void shouldBeWhatHeapBuffersModelAndTheRestLeave() {
    DecodeMemory memory = new DecodeMemory(0, 3072 * MIB, 768 * MIB, 768 * MIB);

    assertThat(memory.bytes(14 * MIB)).isEqualTo((3072 - 768 - 768 - 234 - 14) * MIB);
    assertThat(memory.left(14 * MIB)).isEqualTo(memory.bytes(14 * MIB));
  }

  @Test
  void shouldBeEnoughForAPlainPictureWhereLittleIsLeft() {
    DecodeMemory memory = new DecodeMemory(0, 1024 * MIB, 512 * MIB, 512 * MIB);

    assertThat(memory.bytes(14 * MIB)).isEqualTo(192 * MIB);
    assertThat(memory.left(14 * MIB)).isNegative();
  }

  @Test
  void shouldBeWhatIsSetByHand() {
    assertThat(new DecodeMemory(new Settings(Map.of("decode.max.bytes", "77"))).bytes(1 << 30))
        .isEqualTo(77);
  }

  @Test
  void shouldKnowThisMachine() {
    assertThat(new DecodeMemory(new Settings(Map.of())).bytes(0))
        .isGreaterThanOrEqualTo(DecodeMemory.MIN_BYTES)
        .isLessThan(DecodeMemory.ofContainerOrMachine());
  }
}

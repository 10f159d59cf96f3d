package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class FeatureBytesTest {

  @Test
  void shouldWriteTheLowByteFirst() {
    assertThat(ShareEvents.featureBytes(new float[] {1, -2}, true))
        .isEqualTo(ByteBuffer.wrap(new byte[] {0, 0x3C, 0, (byte) 0xC0}));
    assertThat(ShareEvents.featureBytes(new float[] {1}, false))
        .isEqualTo(ByteBuffer.wrap(new byte[] {0, 0, (byte) 0x80, 0x3F}));
  }
}

package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FeatureBytesTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0000",
    "-0.0, 8000",
    "1, 3C00",
    "-2, C000",
    "1.00048828125, 3C00", // halfway between 1 and the next half: to the even one
    "1.00146484375, 3C02",
    "1.9998, 4000", // the carry goes into the exponent
    "65504, 7BFF",
    "65519.9, 7BFF",
    "65520, 7C00",
    "-Infinity, FC00",
    "NaN, 7E00",
    "6.1035156e-5, 0400",
    "6.1e-5, 03FF",
    "5.9604645e-8, 0001",
    "2.9802322e-8, 0000",
    "8.940697e-8, 0002",
  })
  void shouldRoundToTheNearestHalf(float value, String bits) {
    assertThat(Integer.toHexString((FeatureBytes.half(value) & 0xFFFF) | 0x10000))
        .isEqualToIgnoringCase("1" + bits);
  }

  @Test
  void shouldWriteTheLowByteFirst() {
    assertThat(FeatureBytes.of(new float[] {1, -2}, true))
        .isEqualTo(ByteBuffer.wrap(new byte[] {0, 0x3C, 0, (byte) 0xC0}));
    assertThat(FeatureBytes.of(new float[] {1}, false))
        .isEqualTo(ByteBuffer.wrap(new byte[] {0, 0, (byte) 0x80, 0x3F}));
  }
}

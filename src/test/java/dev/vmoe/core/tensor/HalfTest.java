package dev.vmoe.core.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HalfTest {

  @ParameterizedTest
  @CsvSource({
    "0x0000, 0",
    "0x3c00, 1",
    "0xc000, -2",
    "0x7bff, 65504", // the largest
    "0x0400, 0x1p-14", // the smallest normal
    "0x0001, 0x1p-24", // the smallest
    "0x03ff, 0x0.ffcp-14",
    "0x3555, 0.333251953125",
    "0x7c00, Infinity",
    "0xfc00, -Infinity",
  })
  void shouldKnowFloat16(String bits, String value) {
    assertThat(Half.fromFloat16((short) (int) Integer.decode(bits)))
        .isEqualTo(Float.parseFloat(value));
  }

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
  void shouldRoundToTheNearestFloat16(float value, String bits) {
    assertThat(Integer.toHexString((Half.toFloat16(value) & 0xFFFF) | 0x10000))
        .isEqualToIgnoringCase("1" + bits);
  }

  @Test
  void shouldBringEveryFloat16Back() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Half.fromFloat16((short) bits);
      if (Float.isNaN(value)) {
        assertThat(Half.fromFloat16(Half.toFloat16(value))).isNaN();
      } else {
        assertThat(Half.toFloat16(value)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void shouldBringEveryBfloat16Back() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Half.fromBfloat16((short) bits);
      if (Float.isNaN(value)) {
        assertThat(Half.fromBfloat16(HalfBits.toBfloat16(value))).isNaN();
      } else {
        assertThat(HalfBits.toBfloat16(value)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void shouldRoundToNearestTiesToEven() {
    assertThat(Half.toFloat16(1 + 0x1p-11f)).isEqualTo((short) 0x3c00);
    assertThat(Half.toFloat16(1 + 0x1.8p-10f)).isEqualTo((short) 0x3c02);
    assertThat(Half.toFloat16(1 + 0x1.004p-11f)).isEqualTo((short) 0x3c01);
    assertThat(Half.toFloat16(65519.996f)).isEqualTo((short) 0x7bff);
    assertThat(Half.toFloat16(65520)).isEqualTo((short) 0x7c00);
    assertThat(Half.toFloat16(0x1p-25f)).isEqualTo((short) 0);
    assertThat(Half.toFloat16(0x1.8p-24f)).isEqualTo((short) 2);
    assertThat(Half.toFloat16(0x1.fffp-15f)).isEqualTo((short) 0x0400);
    assertThat(HalfBits.toBfloat16(1 + 0x1p-8f)).isEqualTo((short) 0x3f80);
    assertThat(HalfBits.toBfloat16(1 + 0x1.8p-7f)).isEqualTo((short) 0x3f82);
    assertThat(HalfBits.toBfloat16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
  }

  @Property
  void shouldTakeTheNearestFloat16(@ForAll @FloatRange(min = -70000, max = 70000) float value) {
    float nearest = Half.fromFloat16(Half.toFloat16(value));
    if (Math.abs(value) >= 65520) {
      assertThat(nearest).isInfinite();
      return;
    }
    short bits = Half.toFloat16(value);
    for (int step = -1; step <= 1; step += 2) {
      float neighbour = Half.fromFloat16((short) (bits + step));
      if (Float.isFinite(neighbour)) {
        assertThat(Math.abs((double) value - nearest))
            .isLessThanOrEqualTo(Math.abs((double) value - neighbour));
      }
    }
  }
}

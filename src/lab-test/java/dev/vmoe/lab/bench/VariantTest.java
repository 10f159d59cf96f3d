package dev.vmoe.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VariantTest {

  @Test
  void shouldHaveThePublishedArchitectures() {
    assertThat(Variant.S32_LAST_2.architecture().moeBlocks()).containsExactly(5, 7);
    assertThat(Variant.S32_LAST_2.architecture().tokensPerImage()).isEqualTo(50);
    assertThat(Variant.B16_EVERY_2.architecture().moeBlocks()).containsExactly(1, 3, 5, 7, 9, 11);
    assertThat(Variant.H14_LAST_5.architecture().moeBlocks()).containsExactly(23, 25, 27, 29, 31);
  }
}

package dev.vmoe.streams.output;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {

  @Test
  void shouldLeaveTextAsItIs() {
    assertThat(OneLine.of("Größe → 0.5 😀, \"why\"")).isEqualTo("Größe → 0.5 😀, \"why\"");
    assertThat(OneLine.is("Größe → 0.5 😀")).isTrue();
  }

  @Test
  void shouldReplaceWhatWouldPassForAnotherLineOrMoveTheCursor() {
    assertThat(OneLine.of("x\r\n2026 ERROR\u001b[2J\u009b1m\u2028\u202ey"))
        .isEqualTo("x\ufffd\ufffd2026 ERROR\ufffd[2J\ufffd1m\ufffd\ufffdy");
    for (char character : "\r\n\t\u001b\u007f\u0085\u009b\u2028\u2029\u2066".toCharArray()) {
      assertThat(OneLine.is("a" + character)).isFalse();
    }
  }
}

package dev.vmoe.lab.patches;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MarkupTest {

  @Test
  void shouldTellTheCodePointsOfAShortNameOfAnyScript() {
    assertThat(CodePoints.of("亜")).isEqualTo("U+4E9C");
    assertThat(CodePoints.of("क्ष")).isEqualTo("U+0915 U+094D U+0937");
    assertThat(CodePoints.of("𐊠")).isEqualTo("U+102A0");
  }

  @Test
  void shouldNotSpellOutWords() {
    assertThat(CodePoints.of("A")).isEmpty();
    assertThat(CodePoints.of("Ankle boot")).isEmpty();
    assertThat(CodePoints.of("Zubehör")).isEmpty();
    assertThat(CodePoints.of("")).isEmpty();
  }

  @Test
  void shouldIsolateANameThatMayRunFromRightToLeft() {
    assertThat(Markup.name("א")).isEqualTo("<bdi title=\"U+05D0\">א</bdi>");
    assertThat(Markup.name("<a> & b")).isEqualTo("&lt;a&gt; &amp; b");
  }
}

package dev.vmoe.lab.patches;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MarkupTest {

  @Test
  void shouldTellTheCodePointsOfAShortNameOfAnyScript() {
    assertThat(Markup.codePoints("亜")).isEqualTo("U+4E9C");
    assertThat(Markup.codePoints("क्ष")).isEqualTo("U+0915 U+094D U+0937");
    assertThat(Markup.codePoints("𐊠")).isEqualTo("U+102A0");
  }

  @Test
  void shouldNotSpellOutWords() {
    assertThat(Markup.codePoints("A")).isEmpty();
    assertThat(Markup.codePoints("Ankle boot")).isEmpty();
    assertThat(Markup.codePoints("Zubehör")).isEmpty();
    assertThat(Markup.codePoints("")).isEmpty();
  }

  @Test
  void shouldIsolateANameThatMayRunFromRightToLeft() {
    assertThat(Markup.name("א")).isEqualTo("<bdi title=\"U+05D0\">א</bdi>");
    assertThat(Markup.name("<a> & b")).isEqualTo("&lt;a&gt; &amp; b");
  }
}

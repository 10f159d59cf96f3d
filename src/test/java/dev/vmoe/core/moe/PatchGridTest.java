package dev.vmoe.core.moe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.lab.patches.SkippedPatches;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Worked by hand: 4 × 4 pixels, 2 × 2 patches. */
class PatchGridTest {

  private static final PatchGrid WITH_CLASS_TOKEN = PatchGrid.of(4, 5);
  private static final PatchGrid PATCHES_ALONE = PatchGrid.of(4, 4);

  /** A third of 0 or 255, and two thirds of the veil: 72, 104, 160. */
  private static final byte[] DIM_BLACK = {48, 69, 106};

  private static final byte[] DIM_WHITE = {(byte) 133, (byte) 154, (byte) 191};

  @Test
  void shouldDimThePatchesOfTokensThatFoundNoSlot() {
    // class token, upper left, upper right, lower left, lower right
    byte[] dimmed = SkippedPatches.dim(WITH_CLASS_TOKEN, pixels(0), new byte[] {0, 1, 0, 2, 0});
    assertThat(drawn(dimmed, DIM_BLACK))
        .isEqualTo(
            """
            ..##
            ..##
            ..##
            ..##
            """);
  }

  @Test
  void shouldWriteTheKeptChoicesOfPatchesAsDigits() {
    assertThat(WITH_CLASS_TOKEN.keptDigits(new byte[] {2, 0, 1, 2, 11})).isEqualTo("0129");
    assertThat(PATCHES_ALONE.keptDigits(new byte[] {2, 0, 1, 2})).isEqualTo("2012");
  }

  @Test
  void shouldCountPatchesRowByRow() {
    assertThat(
            drawn(
                SkippedPatches.dim(PATCHES_ALONE, pixels(255), new byte[] {1, 0, 2, 1}), DIM_WHITE))
        .isEqualTo(
            """
            ..##
            ..##
            ....
            ....
            """);
    assertThat(
            drawn(
                SkippedPatches.dim(PATCHES_ALONE, pixels(255), new byte[] {1, 1, 0, 1}), DIM_WHITE))
        .isEqualTo(
            """
            ....
            ....
            ##..
            ##..
            """);
  }

  @Test
  void shouldTakeOneTokenMoreThanASquareForTheClassToken() {
    assertThat(WITH_CLASS_TOKEN).isEqualTo(new PatchGrid(4, 2, true));
    assertThat(PATCHES_ALONE).isEqualTo(new PatchGrid(4, 2, false));
    assertThat(PatchGrid.of(28, 50)).isEqualTo(new PatchGrid(28, 7, true));
    assertThat(PatchGrid.of(384, 145)).isEqualTo(new PatchGrid(384, 12, true));
    assertThat(WITH_CLASS_TOKEN.tokens()).isEqualTo(5);
    assertThat(PATCHES_ALONE.tokens()).isEqualTo(4);
  }

  /** DeiT's has a second token that is no patch. */
  @Test
  void shouldTakeAnyTokensOfADenseModel() {
    ModelCard distilled =
        ModelCards.of(
            "deit", "0", List.of("a"), 224, 198, List.of(), 0, 0, 1, true, "bilinear", "DeiT");
    assertThat(PatchGrid.of(distilled)).isEqualTo(new PatchGrid(224, 1, false));
  }

  @Test
  void shouldCountTheClassTokenApart() {
    byte[] withoutFirst = {0, 1, 0, 2, 0};
    assertThat(SkippedPatches.count(WITH_CLASS_TOKEN, withoutFirst)).isEqualTo(2);
    assertThat(SkippedPatches.withClassToken(WITH_CLASS_TOKEN, withoutFirst)).isTrue();
    assertThat(SkippedPatches.withClassToken(WITH_CLASS_TOKEN, new byte[] {1, 0, 0, 0, 0}))
        .isFalse();
    assertThat(SkippedPatches.count(PATCHES_ALONE, new byte[] {0, 1, 0, 2})).isEqualTo(2);
    assertThat(SkippedPatches.withClassToken(PATCHES_ALONE, new byte[] {0, 1, 0, 2})).isFalse();
  }

  @Test
  void shouldLeaveThePixelsThatItWasGiven() {
    byte[] pixels = pixels(0);
    SkippedPatches.dim(WITH_CLASS_TOKEN, pixels, new byte[5]);
    assertThat(pixels).isEqualTo(pixels(0));
  }

  @Test
  void shouldRefuseWhatIsNoGrid() {
    assertThatThrownBy(() -> PatchGrid.of(28, 52))
        .hasMessage("52 tokens are neither a square of patches nor that and a class token");
    assertThatThrownBy(() -> PatchGrid.of(28, 9))
        .hasMessage("28 x 28 pixels are not 3 x 3 patches");
    assertThatThrownBy(() -> SkippedPatches.dim(WITH_CLASS_TOKEN, pixels(0), new byte[4]))
        .hasMessage("4 tokens, the grid has 5");
    assertThatThrownBy(() -> SkippedPatches.dim(WITH_CLASS_TOKEN, new byte[47], new byte[5]))
        .hasMessage("47 bytes are not 4 x 4 pixels");
  }

  private static byte[] pixels(int value) {
    byte[] pixels = new byte[4 * 4 * 3];
    Arrays.fill(pixels, (byte) value);
    return pixels;
  }

  /** Returns a hash for each dimmed pixel, a point for each that is as it was. */
  private static String drawn(byte[] pixels, byte[] dimmed) {
    StringBuilder drawn = new StringBuilder();
    for (int i = 0; i < 16; i++) {
      byte[] pixel = Arrays.copyOfRange(pixels, 3 * i, 3 * i + 3);
      boolean plain = pixel[0] == pixel[1] && (pixel[0] == 0 || pixel[0] == (byte) 255);
      drawn.append(Arrays.equals(pixel, dimmed) ? '#' : plain ? '.' : '?');
      drawn.append(i % 4 == 3 ? "\n" : "");
    }
    return drawn.toString();
  }
}

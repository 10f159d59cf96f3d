package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.DecoderLimits;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.image.OpenCvDecoder;
import dev.vmoe.core.image.Preprocessing;
import dev.vmoe.core.moe.Resize;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small files, and what an instance has to think of them. Decoding them all takes long. */
class BombTest {

  private static final int LARGEST = 600_000;

  private static final List<Bomb> BOMBS = Bomb.all(64_000_000);

  private final ImageDecoder decoder = decoder(Integer.MAX_VALUE);

  private static ImageDecoder decoder(int maxPixelsPerByte) {
    return new OpenCvDecoder(
        new Preprocessing(28, Resize.BILINEAR),
        new DecoderLimits(1 << 20, 64_000_000, maxPixelsPerByte));
  }

  @Test
  void shouldHaveTwoSmallFilesOfEachFormat() {
    assertThat(BOMBS).extracting(Bomb::format).doesNotContainNull().hasSize(12);
    assertThat(BOMBS).allMatch(bomb -> bomb.image().length < LARGEST);
  }

  @Test
  void shouldBeRefusedByWhatItClaimsUnlessItIsHeavy() throws BadImageException {
    for (Bomb bomb : BOMBS) {
      if (bomb.heavy()) {
        assertThat(decoder.decodeBytes(bomb.image()))
            .as(bomb.format())
            .isBetween(180L << 20, (long) Bomb.MIN_MEMORY_MEBIBYTES << 19);
      } else {
        assertThatThrownBy(() -> decoder.decodeBytes(bomb.image()))
            .as(bomb.format())
            .isInstanceOf(BadImageException.class)
            .hasMessageContaining("image claims 16000 x 16000");
      }
    }
  }

  @Test
  void shouldBeRefusedByItsFewBytesUnlessTheLimitIsLow() {
    ImageDecoder byDefault = decoder(50);
    assertThat(BOMBS).allMatch(bomb -> refused(byDefault, bomb));
    assertThat(Bomb.all(16_000_000).stream().filter(Bomb::heavy))
        .hasSize(6)
        .noneMatch(bomb -> refused(byDefault, bomb));
  }

  @ParameterizedTest
  @ValueSource(longs = {40_000, 26_010_000})
  void shouldBeAnImage(long maxPixels) throws BadImageException { // 5100 pixels are 20 runs of 255
    ByteBuffer slot = ByteBuffer.allocateDirect(28 * 28 * 3);
    for (Bomb bomb : Bomb.all(maxPixels)) {
      if (bomb.heavy()) {
        decoder.decode(bomb.image(), slot, 0);
      }
    }
  }

  private static boolean refused(ImageDecoder decoder, Bomb bomb) {
    try {
      decoder.decodeBytes(bomb.image());
      return false;
    } catch (BadImageException e) {
      return true;
    }
  }
}

package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.image.BadImageException;
import dev.vmoe.image.DecoderLimits;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.image.OpenCvDecoder;
import dev.vmoe.image.Preprocessing;
import dev.vmoe.moe.Resize;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Small files, and what an instance has to think of them. Decoding them all takes long. */
class BombTest {

  private static final int LARGEST = 600_000;

  private static final List<Bomb> BOMBS = Bomb.all();

  private final ImageDecoder decoder = decoder(Integer.MAX_VALUE);

  private static ImageDecoder decoder(int maxPixelsPerByte) {
    return new OpenCvDecoder(
        new Preprocessing(28, Resize.BILINEAR),
        new DecoderLimits(1 << 20, 64_000_000, maxPixelsPerByte));
  }

  @Test
  void shouldHaveThreeSmallFilesOfEachFormat() {
    assertThat(BOMBS).extracting(Bomb::format).doesNotContainNull().hasSize(18);
    assertThat(BOMBS).allMatch(bomb -> bomb.image().length < LARGEST);
  }

  @Test
  void shouldBeRefusedByWhatItClaimsUnlessItIsHeavy() throws BadImageException {
    for (Bomb bomb : BOMBS) {
      if (bomb.heavy()) {
        assertThat(decoder.decodeBytes(bomb.image()))
            .as(bomb.format())
            .isBetween(45L << 20, (long) Bomb.MIN_MEMORY_MEBIBYTES << 19);
      } else {
        assertThatThrownBy(() -> decoder.decodeBytes(bomb.image()))
            .as(bomb.format())
            .isInstanceOf(BadImageException.class)
            .hasMessageContaining("image claims 16000 x 16000");
      }
    }
  }

  @Test
  void shouldBeRefusedByItsFewBytesIfItIsOfTheLargest() {
    ImageDecoder byDefault = decoder(50);
    assertThat(BOMBS.stream().filter(Bomb::heavy).filter(bomb -> refused(byDefault, bomb)))
        .hasSize(6)
        .allSatisfy(
            bomb -> assertThat(decoder.decodeBytes(bomb.image())).isGreaterThan(180L << 20));
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

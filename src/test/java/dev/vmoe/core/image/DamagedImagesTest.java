package dev.vmoe.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.vmoe.core.moe.Resize;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/** Damaged files of each format, decoded with the limits of an instance. */
class DamagedImagesTest {

  private static final int SIZE = 32;

  /** Far more than any of these small files takes; a decode that hangs takes longer. */
  private static final Duration HANGS = Duration.ofSeconds(20);

  private static final List<WholeFile> FILES = WholeFile.all();

  /** Lengths, counts and sides at which something may overflow. */
  private static final List<Integer> EDGES =
      List.of(
          0,
          1,
          2,
          3,
          0x7f,
          0x80,
          0xff,
          0x100,
          0x3fff,
          0x7fff,
          0x8000,
          0xffff,
          0x10000,
          0x10_0000,
          0xff_ffff,
          Integer.MAX_VALUE,
          Integer.MIN_VALUE,
          -1,
          -2);

  private final ByteBuffer pixels = ByteBuffer.allocateDirect(SIZE * SIZE * 3);
  private final ImageDecoder decoder =
      new OpenCvDecoder(
          new Preprocessing(SIZE, Resize.BILINEAR), new DecoderLimits(20 << 20, 64_000_000, 50));

  /** A way to damage a file at a position; the file given is never written to. */
  private enum Damage {
    TRUNCATE,
    FLIP_BIT,
    BYTE,
    SHORT,
    INT,
    LITTLE_ENDIAN_INT,
    REMOVE,
    REPEAT,
    SPLICE,
    BLANK;

    byte[] apply(byte[] file, int at, int length, int value, byte[] other) {
      if (file.length == 0) {
        return file;
      }
      int from = Math.min(at, file.length - 1);
      int end = Math.min(file.length, from + length);
      byte[] damaged = file.clone();
      ByteBuffer numbers = ByteBuffer.wrap(damaged);
      switch (this) {
        case FLIP_BIT -> damaged[from] ^= (byte) (1 << (value & 7));
        case BYTE -> damaged[from] = (byte) value;
        case SHORT -> numbers.putShort(Math.max(0, Math.min(from, file.length - 2)), (short) value);
        case INT -> numbers.putInt(Math.min(from, file.length - 4), value);
        case LITTLE_ENDIAN_INT ->
            numbers.order(ByteOrder.LITTLE_ENDIAN).putInt(Math.min(from, file.length - 4), value);
        case BLANK -> Arrays.fill(damaged, from, end, (byte) value);
        case TRUNCATE -> damaged = Arrays.copyOf(file, from);
        case REMOVE -> damaged = joined(file, from, new byte[0], end);
        case REPEAT -> damaged = joined(file, end, Arrays.copyOfRange(file, from, end), end);
        case SPLICE -> {
          int start = Math.min(from, other.length);
          byte[] piece = Arrays.copyOfRange(other, start, Math.min(other.length, start + length));
          damaged = joined(file, from, piece, end);
        }
      }
      return damaged;
    }

    private static byte[] joined(byte[] file, int end, byte[] piece, int behind) {
      return ByteBuffer.allocate(end + piece.length + file.length - behind)
          .put(file, 0, end)
          .put(piece)
          .put(file, behind, file.length - behind)
          .array();
    }
  }

  @Provide
  Arbitrary<byte[]> damagedFiles() {
    Arbitrary<byte[]> whole = Arbitraries.of(FILES).map(WholeFile::bytes);
    Arbitrary<Integer> positions =
        Arbitraries.oneOf(
            Arbitraries.integers().between(0, 95), // what headers are made of
            Arbitraries.integers().between(0, 8_000));
    Arbitrary<Integer> values = Arbitraries.oneOf(Arbitraries.of(EDGES), Arbitraries.integers());
    return Combinators.combine(
            whole,
            Arbitraries.of(Damage.class),
            positions,
            Arbitraries.integers().between(1, 2_000),
            values,
            whole)
        .as(
            (file, damage, at, length, value, other) ->
                damage.apply(file, at, length, value, other));
  }

  @Property(tries = 3_000, shrinking = ShrinkingMode.OFF)
  void shouldDecodeADamagedFileOrRefuseItWithAReason(@ForAll("damagedFiles") byte[] file) {
    assertTimeoutPreemptively(HANGS, () -> decodeOrRefuse(file));
  }

  @Property
  void shouldDecodeOrRefuseAnyBytes(@ForAll byte[] file) {
    assertTimeoutPreemptively(HANGS, () -> decodeOrRefuse(file));
  }

  @Property(tries = 50)
  void shouldDecodeWholeFiles(@ForAll("wholeFiles") WholeFile file) throws BadImageException {
    assertThat(decoder.decodeBytes(file.bytes())).isPositive();
    decoder.decode(file.bytes(), pixels, 0);
  }

  @Provide
  Arbitrary<WholeFile> wholeFiles() {
    return Arbitraries.of(FILES);
  }

  /** Anything but a refusal with a reason fails the test. */
  private void decodeOrRefuse(byte[] file) {
    try {
      decoder.decodeBytes(file);
      decoder.decode(file, pixels, 0);
    } catch (BadImageException refused) {
      assertThat(refused.getMessage()).isNotBlank();
    }
  }
}

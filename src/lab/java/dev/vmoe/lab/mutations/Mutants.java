package dev.vmoe.lab.mutations;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;

/**
 * Damaged image files, by number: seed and number alone say what a file is, so each can be made
 * again. One in {@value #WHOLE_ONE_IN} is whole, to see that whole files are still decoded.
 */
final class Mutants {

  static final int WHOLE_ONE_IN = 100;

  private static final int PNG_START = 8;
  private static final int MAX_ROUNDS = 4;
  private static final Mutation[] WAYS = Mutation.values();

  private final List<SeedFile> files = SeedFile.all();
  private final long seed;

  Mutants(long seed) {
    this.seed = seed;
  }

  /** Returns whether this one is whole. */
  static boolean whole(long number) {
    return number % WHOLE_ONE_IN == WHOLE_ONE_IN - 1;
  }

  private static SplittableRandom random(long seed, long number) {
    return new SplittableRandom(new SplittableRandom(seed).nextLong() + number);
  }

  /** Returns the whole file that this one is made from. */
  SeedFile file(long number) {
    return files.get(random(seed, number).nextInt(files.size()));
  }

  /** Returns the bytes. */
  byte[] bytes(long number) {
    SplittableRandom random = random(seed, number);
    SeedFile file = files.get(random.nextInt(files.size()));
    byte[] bytes = file.bytes();
    if (whole(number)) {
      return bytes;
    }
    for (int round = random.nextInt(MAX_ROUNDS); round >= 0 && bytes.length > 0; round--) {
      byte[] other = files.get(random.nextInt(files.size())).bytes();
      bytes = WAYS[random.nextInt(WAYS.length)].apply(bytes, other, random);
    }
    // Else hardly one would pass the checksums and reach what is behind them.
    return file.format().equals("png") && random.nextInt(4) > 0 ? withChecksums(bytes) : bytes;
  }

  /** Returns a copy in which the chunks that can be found have right checksums. */
  private static byte[] withChecksums(byte[] png) {
    byte[] right = png.clone();
    ByteBuffer bytes = ByteBuffer.wrap(right);
    int at = PNG_START;
    while (at + 12 <= right.length) {
      int length = bytes.getInt(at);
      if (length < 0 || length > right.length - at - 12) {
        break;
      }
      CRC32 sum = new CRC32();
      sum.update(right, at + 4, 4 + length);
      bytes.putInt(at + 8 + length, (int) sum.getValue());
      at += 12 + length;
    }
    return right;
  }
}

package dev.vmoe.lab.mutations;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/** A way to damage a file. The file given is never written to. */
enum Mutation {
  /** The end is missing. */
  TRUNCATE {
    @Override
    byte[] apply(byte[] file, byte[] other, SplittableRandom random) {
      return Arrays.copyOf(file, random.nextInt(file.length));
    }
  },
  /** A few bits are turned over, anywhere. */
  FLIP_BITS {
    @Override
    byte[] apply(byte[] file, byte[] other, SplittableRandom random) {
      byte[] damaged = file.clone();
      for (int i = random.nextInt(8); i >= 0; i--) {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      return damaged;
    }
  },
  /** A few bytes near the start have other values: what headers are made of. */
  HEADER {
    @Override
    byte[] apply(byte[] file, byte[] other, SplittableRandom random) {
      byte[] damaged = file.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        damaged[random.nextInt(Math.min(damaged.length, HEADER_BYTES))] =
            (byte) random.nextInt(256);
      }
      return damaged;
    }
  },
  /** A number of two or four bytes has a value at an edge: a length, a count, a side. */
  NUMBER {
    @Override
    byte[] apply(byte[] file, byte[] other, SplittableRandom random) {
      byte[] damaged = file.clone();
      int bytes = random.nextBoolean() ? Short.BYTES : Integer.BYTES;
      int last = (random.nextBoolean() ? Math.min(file.length, HEADER_BYTES) : file.length) - bytes;
      if (last < 0) {
        return damaged;
      }
      int at = random.nextInt(last + 1);
      ByteBuffer numbers =
          ByteBuffer.wrap(damaged)
              .order(random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
      int now = bytes == Short.BYTES ? numbers.getShort(at) : numbers.getInt(at);
      int edge = EDGES[random.nextInt(EDGES.length)];
      int value = random.nextInt(3) == 0 ? now + random.nextInt(-2, 3) : edge;
      if (bytes == Short.BYTES) {
        numbers.putShort(at, (short) value);
      } else {
        numbers.putInt(at, value);
      }
      return damaged;
    }
  },
  /** A piece of another file is put over a piece of this one, or between two. */
  SPLICE {
    @Override
    byte[] apply(byte[] file, byte[] other, SplittableRandom random) {
      int from = random.nextInt(other.length);
      byte[] piece =
          Arrays.copyOfRange(other, from, from + 1 + random.nextInt(other.length - from));
      int at = random.nextInt(file.length + 1);
      int behind = random.nextBoolean() ? at : Math.min(file.length, at + piece.length);
      return joined(file, at, piece, behind);
    }
  },
  /** A piece is missing in the middle. */
  REMOVE {
    @Override
    byte[] apply(byte[] file, byte[] other, SplittableRandom random) {
      int at = random.nextInt(file.length);
      return joined(file, at, new byte[0], at + random.nextInt(file.length - at));
    }
  },
  /** A piece comes twice. */
  REPEAT {
    @Override
    byte[] apply(byte[] file, byte[] other, SplittableRandom random) {
      int at = random.nextInt(file.length);
      int end = at + 1 + random.nextInt(file.length - at);
      return joined(file, end, Arrays.copyOfRange(file, at, end), end);
    }
  },
  /** A piece is all zeros, or all ones. */
  BLANK {
    @Override
    byte[] apply(byte[] file, byte[] other, SplittableRandom random) {
      byte[] damaged = file.clone();
      int at = random.nextInt(file.length);
      int end = Math.min(file.length, at + 1 + random.nextInt(64));
      Arrays.fill(damaged, at, end, (byte) (random.nextBoolean() ? 0 : 0xff));
      return damaged;
    }
  };

  private static final int HEADER_BYTES = 96;

  private static final int[] EDGES = {
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
    -2
  };

  /**
   * Returns a damaged copy.
   *
   * @param file at least a byte
   * @param other another file, at least a byte
   */
  abstract byte[] apply(byte[] file, byte[] other, SplittableRandom random);

  private static byte[] joined(byte[] file, int end, byte[] piece, int behind) {
    return ByteBuffer.allocate(end + piece.length + file.length - behind)
        .put(file, 0, end)
        .put(piece)
        .put(file, behind, file.length - behind)
        .array();
  }
}

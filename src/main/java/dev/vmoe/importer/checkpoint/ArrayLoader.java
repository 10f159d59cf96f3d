package dev.vmoe.importer.checkpoint;

import dev.vmoe.importer.checkpoint.MsgpackScanner.MalformedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Decodes stored values into fp32 arrays, a window at a time: no leaf is held twice. */
final class ArrayLoader {

  private static final int WINDOW_BYTES = 1 << 20;
  private static final int MAX_VALUES = Integer.MAX_VALUE - 8;

  private final ByteBuffer window;

  ArrayLoader(ByteOrder order) {
    window = ByteBuffer.allocate(WINDOW_BYTES).order(order);
  }

  /**
   * Returns an array for the values of a leaf. Checks first that the pieces hold all of them: a
   * header's claim alone must not allocate memory.
   */
  static float[] allocate(int[] shape, List<StoredArray> pieces) throws MalformedException {
    long held = 0;
    for (StoredArray piece : pieces) {
      Dtype dtype = piece.knownDtype();
      if (piece.bytes() % dtype.bytes() != 0 || piece.bytes() / dtype.bytes() != piece.size()) {
        throw new MalformedException(
            String.format(
                "%d bytes for %d values of %s", piece.bytes(), piece.size(), dtype.label()));
      }
      held += piece.size();
    }
    if (held != Region.volume(shape)) {
      throw new MalformedException(
          String.format("%d values for the shape %s", held, Arrays.toString(shape)));
    }
    if (held > MAX_VALUES) {
      throw new MalformedException(held + " values, more than " + MAX_VALUES);
    }
    return new float[(int) held];
  }

  /**
   * Checks that the heap has room for all leaves, before minutes are spent on the first ones.
   *
   * @param file named in the error
   * @param leaves number of values of each leaf
   */
  static void requireHeap(Path file, LongStream leaves) throws CheckpointException {
    long values =
        leaves.map(size -> Math.min(size, MAX_VALUES)).sum(); // larger leaves are refused later
    long mebibytes = (values * Float.BYTES >> 20) + 1;
    if (mebibytes > freeHeapMebibytes()) {
      System.gc(); // garbage counts as used until it is collected
    }
    long heap = freeHeapMebibytes();
    if (mebibytes > heap) {
      throw new CheckpointException(
          file,
          String.format(
              "the parameters take %d MiB as fp32, but the heap of this process has %d free: start"
                  + " it with -Xmx%dm",
              mebibytes, heap, mebibytes + mebibytes / 5));
    }
  }

  private static long freeHeapMebibytes() {
    Runtime runtime = Runtime.getRuntime();
    return (runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory()) >> 20;
  }

  /**
   * Writes the values of arrays, in order, into a region of a leaf.
   *
   * @param pieces flat arrays that hold as many values as the region
   * @param leaf (shape) the destination
   */
  void load(
      SeekableByteChannel file,
      Iterable<StoredArray> pieces,
      Region region,
      float[] leaf,
      int[] shape)
      throws IOException {
    long done = 0;
    for (StoredArray piece : pieces) {
      file.position(piece.position());
      load(file, piece.size(), piece.knownDtype(), region, done, leaf, shape);
      done += piece.size();
    }
  }

  /** Reads {@code size} values of a stream into {@code values}, from its first element on. */
  void load(ReadableByteChannel from, long size, Dtype dtype, float[] values) throws IOException {
    int[] flat = {values.length};
    load(from, size, dtype, Region.whole(flat), 0, values, flat);
  }

  private void load(
      ReadableByteChannel from,
      long size,
      Dtype dtype,
      Region region,
      long firstInRegion,
      float[] leaf,
      int[] shape)
      throws IOException {
    int run = region.runLength(shape);
    long done = 0;
    while (done < size) {
      int inWindow = (int) Math.min(size - done, WINDOW_BYTES / dtype.bytes());
      fill(from, inWindow * dtype.bytes());
      while (inWindow > 0) {
        long inRegion = firstInRegion + done;
        int count = (int) Math.min(inWindow, run - inRegion % run);
        dtype.decode(window, leaf, region.positionIn(shape, inRegion), count);
        done += count;
        inWindow -= count;
      }
    }
  }

  private void fill(ReadableByteChannel from, int bytes) throws IOException {
    window.clear().limit(bytes);
    while (window.hasRemaining()) {
      if (from.read(window) < 0) {
        throw new MalformedException("truncated: " + window.remaining() + " bytes are missing");
      }
    }
    window.flip();
  }
}

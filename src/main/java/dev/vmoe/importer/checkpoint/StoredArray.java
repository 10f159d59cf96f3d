package dev.vmoe.importer.checkpoint;

import dev.vmoe.importer.checkpoint.MsgpackScanner.MalformedException;

/**
 * An array whose values are still in the file.
 *
 * @param shape extents
 * @param dtype numpy's name of the type
 * @param position of the first byte in the file; values are little-endian, in C order
 * @param bytes how many bytes the values take
 */
@SuppressWarnings("ArrayRecordComponent")
record StoredArray(int[] shape, String dtype, long position, long bytes) {

  long size() {
    return Region.volume(shape);
  }

  Dtype knownDtype() throws MalformedException {
    return Dtype.ofLabel(dtype);
  }
}

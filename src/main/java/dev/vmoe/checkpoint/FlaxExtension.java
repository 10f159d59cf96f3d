package dev.vmoe.checkpoint;

/** Codes of the msgpack extensions, and names of the map keys, of flax and of V-MoE. */
final class FlaxExtension {

  static final int ARRAY = 1;
  static final int NUMPY_SCALAR = 3;
  static final int SHAPED_ARRAY = 4;
  static final int SLICES = 6;
  static final int INDEX_INFO = 8;

  /** Marks a map of leaf numbers to chunks: a shard. */
  static final String CHUNKS_KEY = "__msgpack_array_chunk_a87ca2__";

  /** Marks a map that is an array over 1 GiB, cut by flax. */
  static final String CHUNKED_KEY = "__msgpack_chunked_array__";

  private FlaxExtension() {}
}

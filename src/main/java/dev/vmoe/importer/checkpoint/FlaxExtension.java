package dev.vmoe.importer.checkpoint;

/** Codes of the msgpack extensions and map keys that flax and V-MoE use. */
final class FlaxExtension {

  static final int ARRAY = 1;
  static final int NUMPY_SCALAR = 3;
  static final int SHAPED_ARRAY = 4;
  static final int SLICES = 6;
  static final int INDEX_INFO = 8;

  /** Key of a shard: a map of leaf numbers to chunks. */
  static final String CHUNKS_KEY = "__msgpack_array_chunk_a87ca2__";

  /** Key of a map that is one array over 1 GiB, which flax cuts into pieces. */
  static final String CHUNKED_KEY = "__msgpack_chunked_array__";

  private FlaxExtension() {}
}

package dev.vmoe.importer.checkpoint;

import dev.vmoe.core.tensor.Half;
import dev.vmoe.core.tensor.HalfBits;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;

/**
 * Writes parameters as V-MoE's reference implementation does: {@code PREFIX.index} and shards.
 *
 * <p>Leaves of two or more axes are cut along the first, a piece a shard; others go whole to the
 * shards in turn.
 */
public final class CheckpointWriter {

  /** The version of the format in which every map's keys are numbered in lexicographic order. */
  static final String VERSION = "20220622";

  private static final int MAX_PIECE_BYTES = 1 << 30; // flax's own bound
  private static final int WINDOW_BYTES = 1 << 16;

  /** A leaf and the type it is stored in. */
  record Leaf(String path, Tensor values, Dtype dtype) {
    List<String> keys() {
      return List.of(path.split("/"));
    }
  }

  /**
   * How leaves are spread over files.
   *
   * @param shards number of data files
   * @param maxPieceBytes largest array; a slice over it is written as several flat ones
   * @param versioned whether the index says its version
   */
  record Layout(int shards, int maxPieceBytes, boolean versioned) {
    Layout {
      if (shards < 1 || maxPieceBytes < Double.BYTES) {
        throw new IllegalArgumentException(
            String.format("%d shards, pieces of %d bytes", shards, maxPieceBytes));
      }
    }
  }

  /** A slice along the first axis, and where it is written. */
  private record Piece(int shard, int start, int stop) {}

  private CheckpointWriter() {}

  /**
   * Writes a versioned checkpoint.
   *
   * @param prefix of the files; its folder must exist
   * @param tree parameters
   * @param dtype in which all leaves are stored
   * @param shards number of data files
   */
  public static void write(Path prefix, ParameterTree tree, Dtype dtype, int shards)
      throws IOException {
    List<Leaf> leaves = new ArrayList<>();
    for (String path : tree.paths()) {
      leaves.add(new Leaf(path, tree.get(path), dtype));
    }
    write(
        prefix,
        LeafOrder.SORTED.apply(leaves, Leaf::keys),
        new Layout(shards, MAX_PIECE_BYTES, true));
  }

  /** Writes leaves, numbered as they are listed. */
  static void write(Path prefix, List<Leaf> leaves, Layout layout) throws IOException {
    for (int shard = 0; shard < layout.shards(); shard++) {
      writeShard(
          ShardedCheckpoint.shardFile(prefix, shard, layout.shards()), shard, leaves, layout);
    }
    try (MessagePacker packer =
        MessagePack.newDefaultPacker(Files.newOutputStream(ShardedCheckpoint.indexFile(prefix)))) {
      writeIndex(packer, leaves, layout);
    }
  }

  // ---- index

  private static void writeIndex(MessagePacker packer, List<Leaf> leaves, Layout layout)
      throws IOException {
    packer.packMapHeader(layout.versioned() ? 3 : 2);
    packer.packString("shard_count").packInt(layout.shards());
    packer.packString("index");
    packTree(packer, tree(leaves, layout));
    if (layout.versioned()) {
      packer.packString("version").packString(VERSION);
    }
  }

  private static Map<String, Object> tree(List<Leaf> leaves, Layout layout) throws IOException {
    Map<String, Object> root = new LinkedHashMap<>();
    for (int number = 0; number < leaves.size(); number++) {
      Leaf leaf = leaves.get(number);
      List<String> keys = leaf.keys();
      Map<String, Object> at = root;
      for (String key : keys.subList(0, keys.size() - 1)) {
        at = child(at, key, leaf);
      }
      if (at.put(keys.get(keys.size() - 1), indexInfo(leaf, number, layout)) != null) {
        throw new IllegalArgumentException("path " + leaf.path() + " is a leaf and a subtree");
      }
    }
    return root;
  }

  @SuppressWarnings("unchecked") // trees are made here, of maps and bytes
  private static Map<String, Object> child(Map<String, Object> parent, String key, Leaf leaf) {
    if (parent.computeIfAbsent(key, k -> new LinkedHashMap<String, Object>())
        instanceof Map<?, ?> child) {
      return (Map<String, Object>) child;
    }
    throw new IllegalArgumentException("path " + leaf.path() + " goes through a leaf");
  }

  private static void packTree(MessagePacker packer, Map<?, ?> tree) throws IOException {
    packer.packMapHeader(tree.size());
    for (Map.Entry<?, ?> entry : tree.entrySet()) {
      packer.packString(String.valueOf(entry.getKey()));
      if (entry.getValue() instanceof Map<?, ?> below) {
        packTree(packer, below);
      } else if (entry.getValue() instanceof byte[] info) {
        packExtension(packer, FlaxExtension.INDEX_INFO, info);
      }
    }
  }

  private static byte[] indexInfo(Leaf leaf, int number, Layout layout) throws IOException {
    List<Piece> pieces = pieces(leaf, number, layout);
    return packed(
        packer -> {
          packer.packArrayHeader(3);
          packBytes(packer, shapedArray(leaf));
          packer.packArrayHeader(pieces.size());
          for (Piece piece : pieces) {
            packBytes(packer, slices(leaf, piece));
          }
          packer.packArrayHeader(pieces.size());
          for (Piece piece : pieces) {
            packer.packInt(piece.shard());
          }
        });
  }

  private static byte[] shapedArray(Leaf leaf) throws IOException {
    return packed(
        packer -> {
          packer.packArrayHeader(4);
          packShape(packer, leaf.values().shape());
          packer.packString(leaf.dtype().label()).packBoolean(false).packMapHeader(0);
        });
  }

  private static byte[] slices(Leaf leaf, Piece piece) throws IOException {
    int[] shape = leaf.values().shape();
    return packed(
        packer -> {
          packer.packArrayHeader(shape.length);
          for (int axis = 0; axis < shape.length; axis++) {
            int start = axis == 0 ? piece.start() : 0;
            int stop = axis == 0 ? piece.stop() : shape[axis];
            packBytes(
                packer,
                packed(slice -> slice.packArrayHeader(3).packInt(start).packInt(stop).packNil()));
          }
        });
  }

  private static List<Piece> pieces(Leaf leaf, int number, Layout layout) {
    int[] shape = leaf.values().shape();
    if (shape.length < 2) {
      int extent = shape.length == 0 ? 1 : shape[0];
      return List.of(new Piece(number % layout.shards(), 0, extent));
    }
    List<Piece> pieces = new ArrayList<>();
    for (int shard = 0; shard < layout.shards(); shard++) {
      int start = (int) ((long) shape[0] * shard / layout.shards());
      int stop = (int) ((long) shape[0] * (shard + 1) / layout.shards());
      if (start < stop) {
        pieces.add(new Piece(shard, start, stop));
      }
    }
    return pieces;
  }

  // ---- shards

  private static void writeShard(Path file, int shard, List<Leaf> leaves, Layout layout)
      throws IOException {
    Map<Integer, Piece> pieces = new LinkedHashMap<>(); // by leaf number
    for (int number = 0; number < leaves.size(); number++) {
      for (Piece piece : pieces(leaves.get(number), number, layout)) {
        if (piece.shard() == shard) {
          pieces.put(number, piece);
        }
      }
    }
    try (MessagePacker packer = MessagePack.newDefaultPacker(Files.newOutputStream(file))) {
      packer.packMapHeader(1 + pieces.size());
      packer.packString(FlaxExtension.CHUNKS_KEY).packBoolean(true);
      for (Map.Entry<Integer, Piece> entry : pieces.entrySet()) {
        packer.packString(Integer.toString(entry.getKey())).packArrayHeader(1);
        packChunk(packer, leaves.get(entry.getKey()), entry.getValue(), layout.maxPieceBytes());
      }
    }
  }

  private static void packChunk(MessagePacker packer, Leaf leaf, Piece piece, int maxPieceBytes)
      throws IOException {
    int firstAxis = leaf.values().rank() == 0 ? 1 : leaf.values().extent(0);
    int row = firstAxis == 0 ? 0 : leaf.values().size() / firstAxis;
    int from = piece.start() * row;
    int to = piece.stop() * row;
    int step = maxPieceBytes / leaf.dtype().bytes();
    int arrays = (int) (((long) to - from + step - 1) / step);
    packer.packArrayHeader(2).packArrayHeader(arrays);
    for (int i = 0; i < arrays; i++) {
      int start = from + i * step;
      packArray(packer, leaf, start, (int) Math.min(to, (long) start + step));
    }
    packExtension(packer, FlaxExtension.SLICES, slices(leaf, piece));
  }

  private static void packArray(MessagePacker packer, Leaf leaf, int start, int stop)
      throws IOException {
    int bytes = Math.multiplyExact(stop - start, leaf.dtype().bytes());
    byte[] header =
        packed(
            array -> {
              array.packArrayHeader(3);
              packShape(array, new int[] {stop - start});
              array.packString(leaf.dtype().label()).packBinaryHeader(bytes);
            });
    packer.packExtensionTypeHeader((byte) FlaxExtension.ARRAY, Math.addExact(header.length, bytes));
    packer.writePayload(header);
    ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = start; i < stop; i++) {
      encode(leaf.dtype(), leaf.values().at(i), window);
      if (window.remaining() < leaf.dtype().bytes() || i == stop - 1) {
        packer.writePayload(window.array(), 0, window.position());
        window.clear();
      }
    }
  }

  // ---- msgpack

  private interface Packing {
    void into(MessagePacker packer) throws IOException;
  }

  private static byte[] packed(Packing packing) throws IOException {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packing.into(packer);
      return packer.toByteArray();
    }
  }

  private static void packShape(MessagePacker packer, int[] shape) throws IOException {
    packer.packArrayHeader(shape.length);
    for (int extent : shape) {
      packer.packInt(extent);
    }
  }

  private static void packBytes(MessagePacker packer, byte[] bytes) throws IOException {
    packer.packBinaryHeader(bytes.length).writePayload(bytes);
  }

  private static void packExtension(MessagePacker packer, int code, byte[] payload)
      throws IOException {
    packer.packExtensionTypeHeader((byte) code, payload.length).writePayload(payload);
  }

  private static void encode(Dtype dtype, float value, ByteBuffer to) {
    switch (dtype) {
      case FLOAT32 -> to.putFloat(value);
      case FLOAT16 -> to.putShort(Half.toFloat16(value));
      case BFLOAT16 -> to.putShort(HalfBits.toBfloat16(value));
      case FLOAT64 -> to.putDouble(value);
      case INT8 -> to.put((byte) value);
      case INT16 -> to.putShort((short) value);
      case INT32 -> to.putInt((int) value);
      case INT64, UINT64 -> to.putLong((long) value);
      case UINT8, BOOL -> to.put((byte) (int) value);
      case UINT16 -> to.putShort((short) (int) value);
      case UINT32 -> to.putInt((int) (long) value);
    }
  }
}

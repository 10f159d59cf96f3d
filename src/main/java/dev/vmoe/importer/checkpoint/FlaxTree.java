package dev.vmoe.importer.checkpoint;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.MsgpackScanner.MalformedException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A checkpoint of one msgpack file, as flax writes it: maps with arrays as leaves. */
final class FlaxTree {

  /**
   * An array, in one piece or cut by flax into flat ones, in order.
   *
   * @param shape extents of the whole array
   */
  @SuppressWarnings("ArrayRecordComponent")
  record FlaxArray(int[] shape, List<StoredArray> pieces) {}

  private FlaxTree() {}

  static ParameterTree read(Path file) throws IOException {
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      Map<String, FlaxArray> leaves = new TreeMap<>();
      MsgpackScanner scanner = new MsgpackScanner(channel);
      collect("", MsgpackScanner.map(scanner.value()), leaves);
      if (!scanner.atEnd()) {
        throw new MalformedException("more than one msgpack value");
      }
      String root = ParameterRoot.of(leaves.keySet());
      ArrayLoader.requireHeap(
          file,
          leaves.entrySet().stream()
              .filter(leaf -> leaf.getKey().startsWith(root))
              .flatMap(leaf -> leaf.getValue().pieces().stream())
              .mapToLong(piece -> piece.bytes() / Float.BYTES));
      Map<String, Tensor> tensors = new TreeMap<>();
      for (Map.Entry<String, FlaxArray> entry : leaves.entrySet()) {
        if (entry.getKey().startsWith(root)) {
          Tensor tensor = load(file, channel, entry.getKey(), entry.getValue());
          tensors.put(entry.getKey().substring(root.length()), tensor);
        }
      }
      return new ParameterTree(tensors);
    } catch (MalformedException e) {
      throw new CheckpointException(file, String.valueOf(e.getMessage()), e);
    }
  }

  private static void collect(String path, Map<?, ?> map, Map<String, FlaxArray> leaves)
      throws IOException {
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      String name = path + entry.getKey();
      if (entry.getValue() instanceof Map<?, ?> below
          && !below.containsKey(FlaxExtension.CHUNKED_KEY)) {
        collect(name + "/", below, leaves);
      } else if (entry.getValue() instanceof Map || entry.getValue() instanceof StoredArray) {
        leaves.put(name, array(entry.getValue()));
      }
    }
  }

  /** Returns an array, in one piece or cut by flax. */
  static FlaxArray array(Object value) throws MalformedException {
    if (value instanceof StoredArray array) {
      return new FlaxArray(array.shape(), List.of(array));
    }
    Map<?, ?> chunked = MsgpackScanner.map(value);
    if (!chunked.containsKey(FlaxExtension.CHUNKED_KEY)) {
      throw new MalformedException("expected an array, found a map of " + chunked.keySet());
    }
    List<StoredArray> pieces = new ArrayList<>();
    for (Object piece : numbered(chunked, "chunks")) {
      pieces.addAll(array(piece).pieces());
    }
    return new FlaxArray(MsgpackScanner.shape(numbered(chunked, "shape")), pieces);
  }

  /** Returns the values of a map {"0": …, "1": …} in the order of its keys. */
  private static List<Object> numbered(Map<?, ?> parent, String key) throws MalformedException {
    Object value = parent.get(key);
    Map<?, ?> map = MsgpackScanner.map(value == null ? MsgpackScanner.NIL : value);
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < map.size(); i++) {
      Object item = map.get(Integer.toString(i));
      if (item == null) {
        throw new MalformedException(key + " of a chunked array has no number " + i);
      }
      values.add(item);
    }
    return values;
  }

  private static Tensor load(Path file, SeekableByteChannel channel, String name, FlaxArray leaf)
      throws IOException {
    try {
      float[] values = ArrayLoader.allocate(leaf.shape(), leaf.pieces());
      new ArrayLoader(ByteOrder.LITTLE_ENDIAN)
          .load(channel, leaf.pieces(), Region.whole(leaf.shape()), values, leaf.shape());
      return Tensor.takeOver(values, leaf.shape());
    } catch (MalformedException e) {
      throw CheckpointException.atLeaf(file, name, e);
    }
  }
}

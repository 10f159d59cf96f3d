package dev.vmoe.importer.checkpoint;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.MsgpackScanner.Extension;
import dev.vmoe.importer.checkpoint.MsgpackScanner.MalformedException;
import dev.vmoe.importer.checkpoint.Region.AxisSlice;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint of an index and shards, as V-MoE's reference implementation writes it.
 *
 * <pre>
 *   PREFIX.index                 leaf path → shape, dtype, slices and the shard of each
 *   PREFIX.data-00000-of-00002   leaf number → [values, slice] …
 * </pre>
 *
 * <p>The leaf numbers count the index's leaves in an order that the files do not state. So a read
 * scans the index and the headers of the shards, finds the {@link LeafOrder} under which both
 * agree, and loads the values of the parameters.
 */
final class ShardedCheckpoint {

  /** A slice of a leaf and the shard that holds it. */
  private record Placement(int shard, Region region) {
    @Override
    public String toString() {
      return "shard " + shard + " " + region;
    }
  }

  /** A leaf in the index. Its type is ignored: jax may name a narrower one than the shards hold. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Leaf(List<String> path, int[] shape, String dtype, Set<Placement> placements) {
    String name() {
      return String.join("/", path);
    }
  }

  /** One slice of a leaf in a shard, as flat arrays in order. */
  private record Chunk(int shard, List<AxisSlice> slices, List<StoredArray> pieces) {}

  /** Maximum slices of a leaf; it has one for each device that it is spread over. */
  private static final int MAX_SLICES = 4096;

  private final Path prefix;
  private final Path indexFile;
  private int shardCount;
  private boolean versioned;

  /** Leaves in the order of the index file. */
  private final List<Leaf> leaves = new ArrayList<>();

  private final Map<Integer, List<Chunk>> chunksByNumber = new TreeMap<>();

  private ShardedCheckpoint(Path prefix) {
    this.prefix = prefix;
    this.indexFile = indexFile(prefix);
  }

  static Path indexFile(Path prefix) {
    return prefix.resolveSibling(prefix.getFileName() + ".index");
  }

  static Path shardFile(Path prefix, int shard, int shardCount) {
    return prefix.resolveSibling(
        String.format("%s.data-%05d-of-%05d", prefix.getFileName(), shard, shardCount));
  }

  static ParameterTree read(Path prefix) throws IOException {
    ShardedCheckpoint checkpoint = new ShardedCheckpoint(prefix);
    checkpoint.scanIndex();
    for (int shard : checkpoint.shards()) {
      checkpoint.scanShard(shard);
    }
    List<Leaf> ordered = checkpoint.findOrder();
    String root = ParameterRoot.of(ordered.stream().map(Leaf::name).toList());
    return new ParameterTree(checkpoint.load(ordered, root));
  }

  // ---- index

  private void scanIndex() throws IOException {
    try (SeekableByteChannel channel = Files.newByteChannel(indexFile)) {
      MsgpackScanner scanner = new MsgpackScanner(channel);
      Map<?, ?> root = MsgpackScanner.map(scanner.value());
      Object index = root.get("index");
      Object count = root.get("shard_count");
      if (index == null || count == null) {
        throw new MalformedException(
            "no V-MoE checkpoint index: keys are " + root.keySet() + ", not index and shard_count");
      }
      shardCount = Math.toIntExact(Math.min(Integer.MAX_VALUE, MsgpackScanner.integer(count)));
      Object version = root.get("version");
      versioned = version != null && version != MsgpackScanner.NIL;
      scanTree(List.of(), index);
    } catch (MalformedException e) {
      throw new CheckpointException(indexFile, String.valueOf(e.getMessage()), e);
    }
  }

  private void scanTree(List<String> path, Object node) throws IOException {
    if (node instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        List<String> below = new ArrayList<>(path);
        below.add(String.valueOf(entry.getKey()));
        scanTree(below, entry.getValue());
      }
    } else if (node instanceof Extension info && info.code() == FlaxExtension.INDEX_INFO) {
      try {
        leaves.add(leaf(path, info));
      } catch (MalformedException e) {
        throw CheckpointException.atLeaf(indexFile, String.join("/", path), e);
      }
    } else if (node != MsgpackScanner.NIL) { // nil is an empty subtree
      throw CheckpointException.atLeaf(
          indexFile, String.join("/", path), new MalformedException("no index info but " + node));
    }
  }

  private Leaf leaf(List<String> path, Extension info) throws IOException {
    List<?> fields = MsgpackScanner.list(MsgpackScanner.nested(info), 3);
    List<?> shaped = MsgpackScanner.list(nested(fields.get(0), FlaxExtension.SHAPED_ARRAY), 4);
    int[] shape = MsgpackScanner.shape(shaped.get(0));
    List<?> slices = MsgpackScanner.list(fields.get(1));
    List<?> shards = MsgpackScanner.list(fields.get(2), slices.size());
    if (slices.size() > MAX_SLICES) {
      throw new MalformedException(slices.size() + " slices, more than " + MAX_SLICES);
    }

    Set<Placement> placements = new LinkedHashSet<>();
    for (int i = 0; i < slices.size(); i++) {
      long shard = MsgpackScanner.integer(shards.get(i));
      if (shard < 0 || shard >= shardCount) {
        throw new MalformedException("shard " + shard + " of " + shardCount);
      }
      List<AxisSlice> slice = slices(slices.get(i));
      Region region =
          Region.of(slice, shape)
              .orElseThrow(
                  () -> new MalformedException("slice " + slice + " outside " + describe(shape)));
      placements.add(new Placement((int) shard, region));
    }
    checkCovers(shape, placements.stream().map(Placement::region).distinct().toList());
    return new Leaf(path, shape, MsgpackScanner.text(shaped.get(1)), placements);
  }

  private static void checkCovers(int[] shape, List<Region> regions) throws MalformedException {
    long covered = 0;
    for (int i = 0; i < regions.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (regions.get(i).overlaps(regions.get(j))) {
          throw new MalformedException(
              "slices " + regions.get(j) + " and " + regions.get(i) + " overlap");
        }
      }
      covered += regions.get(i).volume();
    }
    if (covered != Region.volume(shape)) {
      throw new MalformedException(
          String.format("slices %s do not cover %s", regions, describe(shape)));
    }
  }

  private static Object nested(Object value, int code) throws IOException {
    if (value instanceof Extension extension && extension.code() != code) {
      throw new MalformedException(
          "extension " + extension.code() + " where " + code + " is expected");
    }
    return MsgpackScanner.nested(value);
  }

  private static List<AxisSlice> slices(Object value) throws IOException {
    List<AxisSlice> slices = new ArrayList<>();
    for (Object bytes : MsgpackScanner.list(nested(value, FlaxExtension.SLICES))) {
      List<?> slice = MsgpackScanner.list(MsgpackScanner.nested(bytes), 3);
      Object step = slice.get(2);
      if (step != MsgpackScanner.NIL && MsgpackScanner.integer(step) != 1) {
        throw new MalformedException("slice with step " + step);
      }
      slices.add(new AxisSlice(bound(slice.get(0), 0), bound(slice.get(1), AxisSlice.TO_THE_END)));
    }
    return slices;
  }

  private static long bound(Object value, long ifNil) throws MalformedException {
    return value == MsgpackScanner.NIL ? ifNil : MsgpackScanner.integer(value);
  }

  // ---- shards

  /** Returns the shards that hold a slice. */
  private Set<Integer> shards() {
    Set<Integer> shards = new TreeSet<>();
    leaves.forEach(leaf -> leaf.placements().forEach(at -> shards.add(at.shard())));
    return shards;
  }

  private void scanShard(int shard) throws IOException {
    Path file = shardFile(prefix, shard, shardCount);
    List<Leaf> likely = LeafOrder.toTry(versioned).get(0).apply(leaves, Leaf::path);
    String at = "";
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      MsgpackScanner scanner = new MsgpackScanner(channel);
      int entries = scanner.mapHeader();
      for (int i = 0; i < entries; i++) {
        String key = MsgpackScanner.text(scanner.value());
        at = describeNumber(key, likely);
        Object value = scanner.value();
        if (!key.equals(FlaxExtension.CHUNKS_KEY)) {
          addChunks(shard, key, value);
        }
      }
    } catch (NoSuchFileException e) {
      throw new CheckpointException(
          file,
          String.format(
              "shard %d of %d is missing: all data files belong beside the index",
              shard, shardCount),
          e);
    } catch (MalformedException e) {
      throw new CheckpointException(file, at + e.getMessage(), e);
    }
  }

  private static String describeNumber(String key, List<Leaf> likely) {
    Optional<Integer> number = number(key);
    return number.isPresent() && number.get() < likely.size()
        ? "leaf " + likely.get(number.get()).name() + " (number " + key + "): "
        : "";
  }

  private static Optional<Integer> number(String key) {
    return key.matches("\\d{1,9}") ? Optional.of(Integer.valueOf(key)) : Optional.empty();
  }

  private void addChunks(int shard, String key, Object value) throws IOException {
    int number =
        number(key).orElseThrow(() -> new MalformedException("'" + key + "' is no leaf number"));
    for (Object item : MsgpackScanner.list(value)) {
      List<?> chunk = MsgpackScanner.list(item, 2);
      List<StoredArray> pieces = new ArrayList<>();
      for (Object piece : MsgpackScanner.list(chunk.get(0))) {
        pieces.addAll(FlaxTree.array(piece).pieces());
      }
      chunksByNumber
          .computeIfAbsent(number, n -> new ArrayList<>())
          .add(new Chunk(shard, slices(chunk.get(1)), pieces));
    }
  }

  // ---- order

  private List<Leaf> findOrder() throws CheckpointException {
    String problem = null;
    for (LeafOrder order : LeafOrder.toTry(versioned)) {
      List<Leaf> ordered = order.apply(leaves, Leaf::path);
      String mismatch = firstMismatch(ordered);
      if (mismatch == null) {
        return ordered;
      }
      problem = problem == null ? mismatch : problem;
    }
    throw new CheckpointException(
        indexFile,
        "does not fit its shards in any order: "
            + problem
            + "; copy all files of this checkpoint again, and none of another");
  }

  /** Describes the first leaf that index and shards disagree on; null if they agree. */
  private @Nullable String firstMismatch(List<Leaf> ordered) {
    for (int number = 0; number < ordered.size(); number++) {
      Leaf leaf = ordered.get(number);
      String mismatch = mismatch(leaf, chunks(number));
      if (mismatch != null) {
        return String.format(
            "leaf %s (number %d) of %s %s: %s",
            leaf.name(), number, leaf.dtype(), describe(leaf.shape()), mismatch);
      }
    }
    for (int number : chunksByNumber.keySet()) {
      if (number >= ordered.size()) {
        return String.format("leaf number %d in a shard, %d in the index", number, ordered.size());
      }
    }
    return null;
  }

  private List<Chunk> chunks(int number) {
    return chunksByNumber.getOrDefault(number, List.of());
  }

  private static @Nullable String mismatch(Leaf leaf, List<Chunk> chunks) {
    Set<Placement> held = new LinkedHashSet<>();
    for (Chunk chunk : chunks) {
      Optional<Region> region = Region.of(chunk.slices(), leaf.shape());
      if (region.isEmpty()) {
        return String.format("shard %d holds slice %s", chunk.shard(), chunk.slices());
      }
      long values = 0;
      for (StoredArray piece : chunk.pieces()) {
        values += piece.size();
      }
      if (values != region.get().volume()) {
        return String.format(
            "shard %d holds %d values for slice %s", chunk.shard(), values, region.get());
      }
      held.add(new Placement(chunk.shard(), region.get()));
    }
    return held.equals(leaf.placements())
        ? null
        : String.format("the index has %s, the shards have %s", leaf.placements(), held);
  }

  // ---- values

  private Map<String, Tensor> load(List<Leaf> ordered, String root) throws IOException {
    ArrayLoader.requireHeap(
        indexFile,
        ordered.stream()
            .filter(leaf -> leaf.name().startsWith(root))
            .mapToLong(leaf -> Region.volume(leaf.shape())));
    Map<Integer, float[]> values = new TreeMap<>(); // by leaf number
    for (int number = 0; number < ordered.size(); number++) {
      if (ordered.get(number).name().startsWith(root)) {
        values.put(number, allocate(ordered.get(number), chunks(number)));
      }
    }
    ArrayLoader loader = new ArrayLoader(ByteOrder.LITTLE_ENDIAN);
    for (int shard : shards()) {
      loadShard(loader, shard, ordered, values);
    }
    Map<String, Tensor> tensors = new TreeMap<>();
    values.forEach(
        (number, array) -> {
          Leaf leaf = ordered.get(number);
          tensors.put(leaf.name().substring(root.length()), Tensor.takeOver(array, leaf.shape()));
        });
    return tensors;
  }

  private float[] allocate(Leaf leaf, List<Chunk> chunks) throws CheckpointException {
    try {
      List<StoredArray> pieces = chunks.stream().flatMap(chunk -> chunk.pieces().stream()).toList();
      return ArrayLoader.allocate(leaf.shape(), pieces);
    } catch (MalformedException e) {
      throw CheckpointException.atLeaf(indexFile, leaf.name(), e);
    }
  }

  private void loadShard(
      ArrayLoader loader, int shard, List<Leaf> ordered, Map<Integer, float[]> values)
      throws IOException {
    try (SeekableByteChannel file = Files.newByteChannel(shardFile(prefix, shard, shardCount))) {
      for (Map.Entry<Integer, float[]> entry : values.entrySet()) {
        Leaf leaf = ordered.get(entry.getKey());
        for (Chunk chunk : chunks(entry.getKey())) {
          if (chunk.shard() == shard) {
            Region region = Region.of(chunk.slices(), leaf.shape()).orElseThrow();
            loader.load(file, chunk.pieces(), region, entry.getValue(), leaf.shape());
          }
        }
      }
    }
  }

  private static String describe(int[] shape) {
    return Arrays.toString(shape);
  }
}

package dev.vmoe.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.checkpoint.CheckpointWriter.Layout;
import dev.vmoe.checkpoint.CheckpointWriter.Leaf;
import dev.vmoe.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;

class CheckpointReaderTest {

  private static final Layout TWO_SHARDS = new Layout(2, 1 << 20, true);

  @TempDir private Path folder = Path.of("");

  private Path prefix() {
    return folder.resolve("model");
  }

  // ---- the format, packed by hand

  @Test
  void shouldReadFilesPackedByHand() throws IOException {
    writeByHand("int32", 1);

    ParameterTree tree = CheckpointReader.read(prefix());

    assertThat(tree.paths()).containsExactly("b/c", "b/k");
    assertThat(tree.get("b/c").shape()).isEmpty();
    assertThat(tree.get("b/c").at(0)).isEqualTo(9);
    assertThat(tree.get("b/k").shape()).containsExactly(2, 3);
    assertThat(values(tree.get("b/k"))).containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void shouldNameTheLeafWhoseTypeIsUnknown() throws IOException {
    writeByHand("int4", 1);

    assertFails().withMessage("%s: leaf b/k: unknown dtype int4", folder.resolve("model.index"));
  }

  @Test
  void shouldNameTheLeafWhoseSlicesOverlap() throws IOException {
    writeByHand("int32", 0);

    assertFails()
        .withMessage(
            "%s: leaf b/k: slices [0:2, 0:1] and [0:2, 0:3] overlap",
            folder.resolve("model.index"));
  }

  @Test
  void shouldRefuseNegativeSlices() throws IOException {
    writeByHand("int32", -1);

    assertFails()
        .withMessage(
            "%s: leaf b/k: slice [0:2, -1:3] outside [2, 3]", folder.resolve("model.index"));
  }

  @Test
  void shouldNotTakeANegativeEndForTheEnd() throws IOException {
    byte[] slice = slices(new int[] {0, -1});
    writeIndex(indexInfo(shaped("int32", 3), List.of(slice), 0));

    assertFails()
        .withMessage("%s: leaf k: slice [0:-1] outside [3]", folder.resolve("model.index"));
  }

  @Test
  @Timeout(10)
  void shouldRefuseMoreSlicesThanDevices() throws IOException {
    List<byte[]> slices = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      slices.add(slices(new int[] {i, i + 1}));
    }
    writeIndex(indexInfo(shaped("int32", 100_000), slices, new int[100_000]));

    assertFails()
        .withMessage("%s: leaf k: 100000 slices, more than 4096", folder.resolve("model.index"));
  }

  @Test
  void shouldRefuseCountlessAxes() throws IOException {
    writeIndex(indexInfo(shaped("int32", new int[1000]), List.of()));

    assertFails().withMessage("%s: leaf k: 1000 axes, more than 32", folder.resolve("model.index"));
  }

  @Test
  void shouldRefuseAKeyThatStandsTwice() throws IOException {
    try (MessagePacker index = packer("model.index")) {
      index.packMapHeader(2).packString("index").packNil().packString("index").packNil();
    }

    assertFails().withMessage("%s: a map has the key 'index' twice", folder.resolve("model.index"));
  }

  @Test
  void shouldRefuseASliceThatAShardHoldsTwice() throws IOException {
    byte[] whole = slices(new int[] {0, 1});
    writeIndex(indexInfo(shaped("int32", 1), List.of(whole), 0));
    try (MessagePacker shard = packer("model.data-00000-of-00001")) {
      shard.packMapHeader(1).packString("0").packArrayHeader(2);
      for (int i = 0; i < 2; i++) {
        shard.packArrayHeader(2).packArrayHeader(1);
        packExtension(shard, 1, array("int32", ints(i)));
        packExtension(shard, 6, whole);
      }
    }

    assertFails()
        .withMessage("%s: leaf k: 2 values for the shape [1]", folder.resolve("model.index"));
  }

  /** Writes an index of one leaf, k, and one shard. */
  private void writeIndex(byte[] info) throws IOException {
    try (MessagePacker index = packer("model.index")) {
      index.packMapHeader(2).packString("shard_count").packInt(1);
      index.packString("index").packMapHeader(1);
      index.packString("k").packExtensionTypeHeader((byte) 8, info.length).writePayload(info);
    }
  }

  /** Leaf b/k (2, 3) of two slices along the second axis, the second from {@code start} on. */
  private void writeByHand(String dtype, int start) throws IOException {
    byte[] left = slices(new int[] {0, 2}, new int[] {0, 1});
    byte[] right = slices(new int[] {0, 2}, new int[] {start, 3});
    byte[] whole = slices();
    byte[] scalar = indexInfo(shaped("float32"), List.of(whole), 1);
    byte[] kernel = indexInfo(shaped(dtype, 2, 3), List.of(left, right), 0, 1);
    try (MessagePacker index = packer("model.index")) {
      index.packMapHeader(3);
      index.packString("index").packMapHeader(2);
      index.packString("a").packNil(); // an empty subtree
      index.packString("b").packMapHeader(2);
      index.packString("k").packExtensionTypeHeader((byte) 8, kernel.length).writePayload(kernel);
      index.packString("c").packExtensionTypeHeader((byte) 8, scalar.length).writePayload(scalar);
      index.packString("shard_count").packInt(2);
      index.packString("version").packString("20220622");
    }
    // c is leaf 0, k is leaf 1: keys in lexicographic order, unlike the file's
    try (MessagePacker shard = packer("model.data-00000-of-00002")) {
      shard.packMapHeader(2).packString("__msgpack_array_chunk_a87ca2__").packBoolean(true);
      shard.packString("1").packArrayHeader(1).packArrayHeader(2).packArrayHeader(2);
      packExtension(shard, 1, array(dtype, ints(1)));
      packExtension(shard, 1, array(dtype, ints(4)));
      packExtension(shard, 6, left);
    }
    try (MessagePacker shard = packer("model.data-00001-of-00002")) {
      shard.packMapHeader(3).packString("__msgpack_array_chunk_a87ca2__").packBoolean(true);
      shard.packString("1").packArrayHeader(1).packArrayHeader(2).packArrayHeader(1);
      packExtension(shard, 1, array(dtype, ints(2, 3, 5, 6)));
      packExtension(shard, 6, right);
      shard.packString("0").packArrayHeader(1).packArrayHeader(2).packArrayHeader(1);
      packExtension(shard, 1, array("float32", ints(Float.floatToIntBits(9))));
      packExtension(shard, 6, whole);
    }
  }

  // ---- order of leaves

  @Test
  void shouldNumberVersionedLeavesInLexicographicOrder() throws IOException {
    writeIndexAndShards(
        blocks(), LeafOrder.SORTED.apply(blocks(), Leaf::keys), new Layout(1, 1 << 20, true));

    assertHoldsBlocks(CheckpointReader.read(prefix()));
  }

  @Test
  void shouldNumberUnversionedLeavesAsStored() throws IOException {
    // all blocks have one shape, so only the order tells encoderblock_2 from encoderblock_10
    CheckpointWriter.write(prefix(), blocks(), new Layout(2, 1 << 20, false));

    assertHoldsBlocks(CheckpointReader.read(prefix()));
  }

  @Test
  void shouldFindTheOrderThatFitsTheShapes() throws IOException {
    // shards of an unversioned file numbered by name, though the index lists it otherwise
    List<Leaf> stored =
        List.of(leaf("step", new float[] {3}), leaf("params/b", new float[] {1, 2}));
    writeIndexAndShards(
        stored, List.of(stored.get(1), stored.get(0)), new Layout(1, 1 << 20, false));

    ParameterTree tree = CheckpointReader.read(prefix());

    assertThat(tree.paths()).containsExactly("b");
    assertThat(values(tree.get("b"))).containsExactly(1, 2);
  }

  /** Writes an index whose maps have one order, and shards that number the leaves in another. */
  private void writeIndexAndShards(List<Leaf> stored, List<Leaf> numbered, Layout layout)
      throws IOException {
    CheckpointWriter.write(prefix(), stored, layout);
    byte[] index = Files.readAllBytes(folder.resolve("model.index"));
    CheckpointWriter.write(prefix(), numbered, layout);
    Files.write(folder.resolve("model.index"), index);
  }

  private static List<Leaf> blocks() {
    return IntStream.range(0, 12)
        .mapToObj(i -> leaf("params/encoderblock_" + i + "/bias", new float[] {i}))
        .toList();
  }

  private static void assertHoldsBlocks(ParameterTree tree) {
    assertThat(tree.paths()).hasSize(12);
    for (int i = 0; i < 12; i++) {
      assertThat(tree.get("encoderblock_" + i + "/bias").at(0)).isEqualTo(i);
    }
  }

  // ---- what can be wrong

  @Test
  void shouldSayThatThereIsNoCheckpoint() {
    assertFails()
        .withMessage(
            "%s: no checkpoint: neither this file nor %s", prefix(), folder.resolve("model.index"));
  }

  @Test
  void shouldNameTheMissingShard() throws IOException {
    writeModel();
    Files.delete(folder.resolve("model.data-00001-of-00002"));

    assertFails()
        .withMessage(
            "%s: shard 1 of 2 is missing: all data files belong beside the index",
            folder.resolve("model.data-00001-of-00002"));
  }

  @Test
  void shouldNameTheLeafAtWhichAShardEnds() throws IOException {
    writeModel();
    Path shard = folder.resolve("model.data-00001-of-00002");
    byte[] bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 30));

    assertFails().withMessageStartingWith(shard + ": leaf head/kernel (number 1): truncated");
  }

  @Test
  void shouldNameTheLeafWhoseShapesDiffer() throws IOException {
    writeIndexAndShards(
        List.of(leaf("head/bias", new float[3]), leaf("head/kernel", new float[20], 4, 5)),
        List.of(leaf("head/bias", new float[3]), leaf("head/kernel", new float[10], 2, 5)),
        TWO_SHARDS);

    assertFails()
        .withMessage(
            "%s: does not fit its shards in any order: leaf head/kernel (number 1) of float32"
                + " [4, 5]: the index has [shard 0 [0:2, 0:5], shard 1 [2:4, 0:5]], the shards"
                + " have [shard 0 [0:1, 0:5], shard 1 [1:2, 0:5]]; copy all files of this checkpoint"
                + " again, and none of another",
            folder.resolve("model.index"));
  }

  @Test
  void shouldSayThatAnIndexIsNotMsgpack() throws IOException {
    Files.write(folder.resolve("model.index"), new byte[] {(byte) 0xc1, 1, 2});

    assertFails().withMessageStartingWith("%s: not msgpack", folder.resolve("model.index"));
  }

  @Test
  void shouldSayThatAnIndexIsNone() throws IOException {
    try (MessagePacker packer = packer("model.index")) {
      packer.packMapHeader(1).packString("weights").packInt(1);
    }

    assertFails()
        .withMessage(
            "%s: no V-MoE checkpoint index: keys are [weights], not index and shard_count",
            folder.resolve("model.index"));
  }

  @Test
  void shouldNotAllocateWhatAHeaderClaims() throws IOException {
    // a list of 2^31 - 1 items in five bytes
    Files.write(folder.resolve("model.index"), new byte[] {(byte) 0xdd, 0x7f, -1, -1, -1});

    assertFails()
        .withMessage(
            "%s: truncated after 5 bytes: copy the file again", folder.resolve("model.index"));
  }

  @Test
  void shouldRefuseDeepNesting() throws IOException {
    byte[] nested = new byte[100_000];
    Arrays.fill(nested, (byte) 0x91); // a list of one
    Files.write(folder.resolve("model.index"), nested);

    assertFails().withMessage("%s: nested deeper than 100", folder.resolve("model.index"));
  }

  private void writeModel() throws IOException {
    CheckpointWriter.write(
        prefix(),
        List.of(leaf("head/bias", new float[3]), leaf("head/kernel", new float[20], 4, 5)),
        TWO_SHARDS);
  }

  // ---- one file

  @Test
  void shouldReadAFlaxFile() throws IOException {
    try (MessagePacker packer = packer("model.msgpack")) {
      packer.packMapHeader(3);
      packer.packString("step").packInt(12);
      packer.packString("opt_state").packMapHeader(1).packString("0");
      packExtension(packer, 1, array("complex64", ints(1, 2)));
      packer.packString("params").packMapHeader(2);
      packer.packString("scale");
      packExtension(packer, 3, arrayOfShape("float32", ints(Float.floatToIntBits(2.5f))));
      packer.packString("Dense").packMapHeader(1).packString("kernel");
      packChunked(packer);
    }

    ParameterTree tree = CheckpointReader.read(folder.resolve("model.msgpack"));

    assertThat(tree.paths()).containsExactly("Dense/kernel", "scale");
    assertThat(tree.get("scale").at(0)).isEqualTo(2.5f);
    assertThat(tree.get("Dense/kernel").shape()).containsExactly(2, 2);
    assertThat(values(tree.get("Dense/kernel"))).containsExactly(1, 2, 3, 4);
  }

  @Test
  void shouldNameTheLeafOfAFlaxFileThatIsCut() throws IOException {
    try (MessagePacker packer = packer("model.msgpack")) {
      packer.packMapHeader(1).packString("kernel");
      packExtension(packer, 1, arrayOfShape("float32", ints(1, 2, 3), 2, 2));
    }

    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> CheckpointReader.read(folder.resolve("model.msgpack")))
        .withMessage(
            "%s: leaf kernel: 12 bytes for 4 values of float32", folder.resolve("model.msgpack"));
  }

  @Test
  void shouldUnwrapTheParametersOfAnNpz() throws IOException {
    Files.write(
        folder.resolve("model.npz"),
        NpzTest.zip(
            Map.of(
                "params/cls.npy", NpzTest.npy("<i4", "(1,)", false, ints(5)),
                "step.npy", NpzTest.npy("<i4", "()", false, ints(1)))));

    ParameterTree tree = CheckpointReader.read(folder.resolve("model.npz"));

    assertThat(tree.paths()).containsExactly("cls");
    assertThat(values(tree.get("cls"))).containsExactly(5);
  }

  // ---- packing

  /** {"0": 2, "1": 2} of two flat chunks, as flax cuts an array over 1 GiB. */
  private static void packChunked(MessagePacker packer) throws IOException {
    packer.packMapHeader(3).packString("__msgpack_chunked_array__").packBoolean(true);
    packer.packString("shape").packMapHeader(2);
    packer.packString("0").packInt(2).packString("1").packInt(2);
    packer.packString("chunks").packMapHeader(2).packString("0");
    packExtension(packer, 1, array("int32", ints(1, 2, 3)));
    packer.packString("1");
    packExtension(packer, 1, array("int32", ints(4)));
  }

  private MessagePacker packer(String file) throws IOException {
    return MessagePack.newDefaultPacker(Files.newOutputStream(folder.resolve(file)));
  }

  private interface Packing {
    void into(MessagePacker packer) throws IOException;
  }

  private static byte[] packed(Packing packing) throws IOException {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packing.into(packer);
      return packer.toByteArray();
    }
  }

  private static void packExtension(MessagePacker packer, int code, byte[] payload)
      throws IOException {
    packer.packExtensionTypeHeader((byte) code, payload.length).writePayload(payload);
  }

  private static byte[] indexInfo(byte[] shaped, List<byte[]> slices, int... shards)
      throws IOException {
    return packed(
        packer -> {
          packer.packArrayHeader(3).packBinaryHeader(shaped.length).writePayload(shaped);
          packer.packArrayHeader(slices.size());
          for (byte[] slice : slices) {
            packer.packBinaryHeader(slice.length).writePayload(slice);
          }
          packer.packArrayHeader(shards.length);
          for (int shard : shards) {
            packer.packInt(shard);
          }
        });
  }

  private static byte[] shaped(String dtype, int... shape) throws IOException {
    return packed(
        packer -> {
          packer.packArrayHeader(4).packArrayHeader(shape.length);
          for (int extent : shape) {
            packer.packInt(extent);
          }
          packer.packString(dtype).packBoolean(false).packMapHeader(0);
        });
  }

  private static byte[] slices(int[]... bounds) throws IOException {
    return packed(
        packer -> {
          packer.packArrayHeader(bounds.length);
          for (int[] bound : bounds) {
            byte[] slice =
                packed(it -> it.packArrayHeader(3).packInt(bound[0]).packInt(bound[1]).packNil());
            packer.packBinaryHeader(slice.length).writePayload(slice);
          }
        });
  }

  private static byte[] array(String dtype, byte[] values) throws IOException {
    return arrayOfShape(dtype, values, values.length / Integer.BYTES);
  }

  private static byte[] arrayOfShape(String dtype, byte[] values, int... shape) throws IOException {
    return packed(
        packer -> {
          packer.packArrayHeader(3).packArrayHeader(shape.length);
          for (int extent : shape) {
            packer.packInt(extent);
          }
          packer.packString(dtype).packBinaryHeader(values.length).writePayload(values);
        });
  }

  private static byte[] ints(int... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    return bytes.array();
  }

  private static Leaf leaf(String path, float[] values, int... shape) {
    int[] extents = shape.length == 0 ? new int[] {values.length} : shape;
    return new Leaf(path, Tensor.of(values, extents), Dtype.FLOAT32);
  }

  private static float[] values(Tensor tensor) {
    float[] values = new float[tensor.size()];
    tensor.values().get(values);
    return values;
  }

  private ThrowableAssertAlternative<CheckpointException> assertFails() {
    return assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> CheckpointReader.read(prefix()));
  }
}

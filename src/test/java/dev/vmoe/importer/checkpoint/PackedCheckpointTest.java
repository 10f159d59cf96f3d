package dev.vmoe.importer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.tensor.ParameterTree;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.msgpack.core.MessagePacker;

/** The format of an index and its shards, packed by hand. */
class PackedCheckpointTest extends CheckpointFixture {

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
}

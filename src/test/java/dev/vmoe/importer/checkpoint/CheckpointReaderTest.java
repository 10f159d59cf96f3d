package dev.vmoe.importer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.CheckpointWriter.Layout;
import dev.vmoe.importer.checkpoint.CheckpointWriter.Leaf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.msgpack.core.MessagePacker;

/** Checkpoints of several files: the order of their leaves, and what can be wrong with them. */
class CheckpointReaderTest extends CheckpointFixture {

  private static final Layout TWO_SHARDS = new Layout(2, 1 << 20, true);

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
  void shouldAskForTheFileInAFolder() throws IOException {
    Files.createDirectory(prefix());
    assertFails().withMessage("%s: is a folder: give the file in it", prefix());
    writeModel();
    assertThat(CheckpointReader.read(prefix()).paths()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'version https://git-lfs.github.com/spec/v1%noid sha256:0' | is a Git LFS pointer, not"
            + " the file itself: run `git lfs pull`",
        "'%n <!DOCTYPE html>%n<html>' | is a web page, not a model: download the file itself",
        "<html lang='en'> | is a web page, not a model: download the file itself"
      })
  void shouldNameWhatStandsInPlaceOfAModel(String text, String message) throws IOException {
    for (String name : new String[] {"m.safetensors", "m.npz", "m.msgpack", "m.index"}) {
      Path file = Files.writeString(folder.resolve(name), text.formatted());
      assertThatThrownBy(() -> CheckpointReader.read(file))
          .isInstanceOf(CheckpointException.class)
          .hasMessage(file + ": " + message);
    }
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
            "%s: does not fit its shards in any order: leaf head/kernel (number 1) of float32 [4,"
                + " 5]: the index has [shard 0 [0:2, 0:5], shard 1 [2:4, 0:5]], the shards have"
                + " [shard 0 [0:1, 0:5], shard 1 [1:2, 0:5]]; copy all files of this checkpoint"
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

  private static Leaf leaf(String path, float[] values, int... shape) {
    int[] extents = shape.length == 0 ? new int[] {values.length} : shape;
    return new Leaf(path, Tensor.of(values, extents), Dtype.FLOAT32);
  }
}

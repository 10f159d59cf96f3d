package dev.vmoe.importer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.core.tensor.ParameterTree;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessagePacker;

/** Checkpoints of one file, as flax and NumPy write them. */
class SingleFileCheckpointTest extends CheckpointFixture {

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
}

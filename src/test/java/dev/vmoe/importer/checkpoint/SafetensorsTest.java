package dev.vmoe.importer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.tensor.ParameterTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of tensors that lie one behind the other. */
class SafetensorsTest {

  @TempDir private Path folder = Path.of("");

  @Test
  void shouldReadEachTypeOfNumber() throws IOException {
    ByteBuffer values = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    values.putFloat(1.5f).putFloat(-2).putShort((short) 0x3e00).putShort((short) 0xc000);
    values.putShort((short) 0x3fc0).putShort((short) 0xc000);
    ParameterTree tree =
        CheckpointReader.read(
            file(
                """
                {"__metadata__": {"format": "pt"},
                 "half": {"dtype": "F16", "shape": [2, 1], "data_offsets": [8, 12]},
                 "brain": {"dtype": "BF16", "shape": [2], "data_offsets": [12, 16]},
                 "full": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}}
                """,
                values.array()));

    assertThat(tree.paths()).containsExactly("brain", "full", "half");
    for (String path : tree.paths()) {
      assertThat(tree.get(path).at(0)).isEqualTo(1.5f);
      assertThat(tree.get(path).at(1)).isEqualTo(-2);
    }
    assertThat(tree.get("half").shape()).containsExactly(2, 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'a': {'dtype': 'F32', 'shape': [3], 'data_offsets': [0, 12]}} | truncated: 4 bytes",
        "{'a': {'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 4]}} | 4 bytes more than its",
        "{'a': {'dtype': 'F32', 'shape': [3], 'data_offsets': [0, 8]}} | 8 bytes for 3 values",
        "{'a': {'dtype': 'F32', 'shape': [1], 'data_offsets': [4, 8]}} | begins at byte 4",
        "{'a': {'dtype': 'F8', 'shape': [8], 'data_offsets': [0, 8]}} | has the dtype \"F8\"",
        "{'a': {'dtype': 'F32', 'shape': [-2], 'data_offsets': [0, 8]}} | needs whole numbers",
        "{'a': {'dtype': 'F32', 'shape': [2], 'data_offsets': [8, 0]}} | has the data_offsets",
        "{'a': {'dtype': 'F32', 'shape': [99999999999], 'data_offsets': [0, 8]}} | needs whole",
        "{'a': {'dtype': 'F32', 'shape': 2, 'data_offsets': [0, 8]}} | needs whole numbers",
        "{'a': 1} | has the dtype",
        "{'a': {'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 4]}, 'b': {'dtype': 'F32',"
            + " 'shape': [1], 'data_offsets': [0, 4]}} | begins at byte 0 of the values, not at 4",
        "{'a': {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 8]}, 'a': {'dtype': 'F32',"
            + " 'shape': [2], 'data_offsets': [0, 8]}} | Duplicate field",
        "[1, 2] | no JSON object",
        "no json at all | no JSON"
      })
  void shouldRefuseWhatDoesNotFit(String header, String message) throws IOException {
    Path file = file(header.replace('\'', '"'), new byte[8]);
    assertThatThrownBy(() -> CheckpointReader.read(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }

  /** A header's claim must not allocate anything. */
  @ParameterizedTest
  @CsvSource({"-1", "1", "5000000", "9223372036854775807"})
  void shouldRefuseAHeaderOfImpossibleLength(long length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    Path file = Files.write(folder.resolve("m.safetensors"), bytes.array());
    assertThatThrownBy(() -> CheckpointReader.read(file))
        .hasMessageContaining("header of " + length + " bytes in a file of 64");
    Files.write(file, new byte[5]);
    assertThatThrownBy(() -> CheckpointReader.read(file))
        .hasMessageContaining("truncated: it has only 5 bytes");
  }

  /** What torch.save writes, what pickle writes, and an array of Python objects. */
  @Test
  void shouldNeverReadAPickle() throws IOException {
    for (byte[] first : new byte[][] {{'P', 'K', 3, 4}, {(byte) 0x80, 2, '}'}}) {
      for (String name : new String[] {"vit.pth", "vit.safetensors"}) {
        Path file = Files.write(folder.resolve(name), first);
        assertThatThrownBy(() -> CheckpointReader.read(file))
            .isInstanceOf(CheckpointException.class)
            .hasMessageContaining("pickle")
            .hasMessageContaining(", as PyTorch writes it (.pth, .pt, .bin)")
            .hasMessageContaining("safetensors.torch.save_file");
      }
    }
  }

  /** The length of its header, 640, begins as a pickle does. */
  @Test
  void shouldNotTakeADamagedFileForAPickle() throws IOException {
    Path file = file("{" + " ".repeat(639), new byte[8]);
    assertThatThrownBy(() -> CheckpointReader.read(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no JSON");
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.safetensors.index.json", "model-00001-of-00002.safetensors"})
  void shouldAskForOneFileInsteadOfParts(String name) throws IOException {
    Path file = Files.write(folder.resolve(name), new byte[] {'{', '}'});
    assertThatThrownBy(() -> CheckpointReader.read(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("is a part of a model in several safetensors files")
        .hasMessageContaining("max_shard_size");
  }

  private Path file(String header, byte[] values) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES + text.length + values.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(text.length)
            .put(text)
            .put(values);
    return Files.write(folder.resolve("m.safetensors"), bytes.array());
  }
}

package dev.vmoe.importer.checkpoint;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.core.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.io.TempDir;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;

/** A folder for checkpoints, and their msgpack packed by hand. */
abstract class CheckpointFixture {

  @TempDir Path folder = Path.of("");

  Path prefix() {
    return folder.resolve("model");
  }

  ThrowableAssertAlternative<CheckpointException> assertFails() {
    return assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> CheckpointReader.read(prefix()));
  }

  MessagePacker packer(String file) throws IOException {
    return MessagePack.newDefaultPacker(Files.newOutputStream(folder.resolve(file)));
  }

  interface Packing {
    void into(MessagePacker packer) throws IOException;
  }

  static byte[] packed(Packing packing) throws IOException {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packing.into(packer);
      return packer.toByteArray();
    }
  }

  static void packExtension(MessagePacker packer, int code, byte[] payload) throws IOException {
    packer.packExtensionTypeHeader((byte) code, payload.length).writePayload(payload);
  }

  static byte[] array(String dtype, byte[] values) throws IOException {
    return arrayOfShape(dtype, values, values.length / Integer.BYTES);
  }

  static byte[] arrayOfShape(String dtype, byte[] values, int... shape) throws IOException {
    return packed(
        packer -> {
          packer.packArrayHeader(3).packArrayHeader(shape.length);
          for (int extent : shape) {
            packer.packInt(extent);
          }
          packer.packString(dtype).packBinaryHeader(values.length).writePayload(values);
        });
  }

  static byte[] ints(int... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    return bytes.array();
  }

  static float[] values(Tensor tensor) {
    float[] values = new float[tensor.size()];
    tensor.values().get(values);
    return values;
  }
}

package dev.vmoe.importer.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.MsgpackScanner.MalformedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;

/**
 * Reads a {@code .safetensors} file: eight bytes with the length of the header, the header in JSON,
 * then the values of all tensors without a gap.
 *
 * @see <a href="https://github.com/huggingface/safetensors">The format</a>
 */
final class Safetensors {

  static final String SUFFIX = ".safetensors";

  /** Longest header: about a hundred bytes a tensor, so this is tens of thousands of tensors. */
  private static final int MAX_HEADER_BYTES = 4 << 20;

  private static final int MAX_AXES = 32;
  private static final String METADATA = "__metadata__";

  private static final Map<String, Dtype> DTYPES =
      Map.of(
          "F64", Dtype.FLOAT64,
          "F32", Dtype.FLOAT32,
          "F16", Dtype.FLOAT16,
          "BF16", Dtype.BFLOAT16,
          "I64", Dtype.INT64,
          "I32", Dtype.INT32,
          "U8", Dtype.UINT8,
          "BOOL", Dtype.BOOL);

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private Safetensors() {}

  static ParameterTree read(Path file) throws IOException {
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      Map<String, StoredArray> arrays = header(channel);
      requireHeap(file, arrays.values());
      Map<String, Tensor> tensors = new TreeMap<>();
      for (Map.Entry<String, StoredArray> entry : arrays.entrySet()) {
        tensors.put(entry.getKey(), load(file, channel, entry.getKey(), entry.getValue()));
      }
      return new ParameterTree(tensors);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file, "no safetensors: its header is no JSON: " + e.getOriginalMessage(), e);
    } catch (MalformedException e) {
      throw new CheckpointException(file, "no safetensors: " + e.getMessage(), e);
    }
  }

  /** Checks that the heap holds the model twice: names and shapes become those of a V-MoE later. */
  private static void requireHeap(Path file, Collection<StoredArray> arrays) throws IOException {
    List<Long> sizes = new ArrayList<>();
    for (StoredArray array : arrays) {
      sizes.add(2 * (array.bytes() / array.knownDtype().bytes()));
    }
    ArrayLoader.requireHeap(file, sizes.stream().mapToLong(Long::longValue));
  }

  private static Map<String, StoredArray> header(SeekableByteChannel channel) throws IOException {
    ByteBuffer length = ByteBuffer.wrap(bytes(channel, Long.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
    long headerBytes = length.getLong();
    long data = Long.BYTES + headerBytes;
    if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES || data > channel.size()) {
      throw new MalformedException(
          String.format(
              "header of %d bytes in a file of %d (at most %d)",
              headerBytes, channel.size(), MAX_HEADER_BYTES));
    }
    JsonNode header = JSON.readTree(bytes(channel, (int) headerBytes));
    if (!header.isObject()) {
      throw new MalformedException("its header is no JSON object");
    }
    Map<String, StoredArray> arrays = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals(METADATA)) {
        arrays.put(entry.getKey(), array(entry.getKey(), entry.getValue(), data));
      }
    }
    requireWithoutGaps(arrays, data, channel.size());
    return arrays;
  }

  private static StoredArray array(String name, JsonNode entry, long data)
      throws MalformedException {
    Dtype dtype = DTYPES.get(entry.path("dtype").asText());
    if (dtype == null) {
      throw new MalformedException(
          String.format(
              "tensor %s has the dtype %s, none of %s",
              name, entry.path("dtype"), DTYPES.keySet().stream().sorted().toList()));
    }
    int[] shape =
        wholes(name, entry.path("shape"), MAX_AXES, Integer.MAX_VALUE)
            .mapToInt(Math::toIntExact)
            .toArray();
    long[] offsets = wholes(name, entry.path("data_offsets"), 2, Long.MAX_VALUE >> 1).toArray();
    if (offsets.length != 2 || offsets[1] < offsets[0]) {
      throw new MalformedException(
          "tensor " + name + " has the data_offsets " + entry.path("data_offsets"));
    }
    return new StoredArray(shape, dtype.label(), data + offsets[0], offsets[1] - offsets[0]);
  }

  private static LongStream wholes(String name, JsonNode array, int most, long largest)
      throws MalformedException {
    boolean fine = array.isArray() && array.size() <= most;
    for (JsonNode value : array) {
      fine &= value.isIntegralNumber() && value.canConvertToLong();
      fine &= value.longValue() >= 0 && value.longValue() <= largest;
    }
    if (!fine) {
      throw new MalformedException(
          "tensor " + name + " needs whole numbers as its shape and two as its data_offsets");
    }
    return StreamSupport.stream(array.spliterator(), false).mapToLong(JsonNode::longValue);
  }

  /** Checks that the tensors lie one behind the other up to the end: none is cut or shared. */
  private static void requireWithoutGaps(Map<String, StoredArray> arrays, long data, long end)
      throws MalformedException {
    long position = data;
    List<Map.Entry<String, StoredArray>> inOrder =
        arrays.entrySet().stream()
            .sorted(
                Comparator.comparingLong(
                        (Map.Entry<String, StoredArray> entry) -> entry.getValue().position())
                    .thenComparingLong(entry -> entry.getValue().bytes()))
            .toList();
    for (Map.Entry<String, StoredArray> entry : inOrder) {
      if (entry.getValue().position() != position) {
        throw new MalformedException(
            String.format(
                "tensor %s begins at byte %d of the values, not at %d, where the one before ends",
                entry.getKey(), entry.getValue().position() - data, position - data));
      }
      position += entry.getValue().bytes();
    }
    if (position != end) {
      throw new MalformedException(
          position > end
              ? "truncated: " + (position - end) + " bytes are missing"
              : (end - position) + " bytes more than its tensors have");
    }
  }

  private static Tensor load(Path file, SeekableByteChannel channel, String name, StoredArray array)
      throws IOException {
    try {
      float[] values = ArrayLoader.allocate(array.shape(), List.of(array));
      new ArrayLoader(ByteOrder.LITTLE_ENDIAN)
          .load(channel, List.of(array), Region.whole(array.shape()), values, array.shape());
      return Tensor.takeOver(values, array.shape());
    } catch (MalformedException e) {
      throw CheckpointException.atLeaf(file, name, e);
    }
  }

  private static byte[] bytes(SeekableByteChannel channel, int count) throws IOException {
    byte[] bytes = Channels.newInputStream(channel).readNBytes(count);
    if (bytes.length < count) {
      throw new MalformedException("truncated: it has only " + channel.size() + " bytes");
    }
    return bytes;
  }
}

package dev.vmoe.importer.checkpoint;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.MsgpackScanner.MalformedException;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Reads numpy's {@code .npz}: a zip with one {@code .npy} file for each array. Values of every
 * numeric type become fp32, which is exact for integers up to 2<sup>24</sup>.
 *
 * @see <a href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">The npy
 *     format</a>
 */
public final class Npz {

  private static final String SUFFIX = ".npy";
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int MAX_HEADER_BYTES = 1 << 20;
  private static final int MAX_DEFLATE_RATIO = 1032;
  private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern FORTRAN = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([\\d,\\sL]*)\\)");

  private static final Pattern DIGITS = Pattern.compile("\\d+");

  private static final Map<String, Dtype> DTYPES =
      Map.ofEntries(
          Map.entry("f2", Dtype.FLOAT16),
          Map.entry("f4", Dtype.FLOAT32),
          Map.entry("f8", Dtype.FLOAT64),
          Map.entry("i1", Dtype.INT8),
          Map.entry("i2", Dtype.INT16),
          Map.entry("i4", Dtype.INT32),
          Map.entry("i8", Dtype.INT64),
          Map.entry("u1", Dtype.UINT8),
          Map.entry("u2", Dtype.UINT16),
          Map.entry("u4", Dtype.UINT32),
          Map.entry("u8", Dtype.UINT64),
          Map.entry("b1", Dtype.BOOL),
          // numpy has no bfloat16: it saves arrays of ml_dtypes as two opaque bytes a value
          Map.entry("V2", Dtype.BFLOAT16));

  /** The header of an npy file. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Header(
      int bytes, Dtype dtype, ByteOrder byteOrder, boolean fortran, int[] shape) {}

  private Npz() {}

  /**
   * Reads all arrays by name.
   *
   * @throws CheckpointException if the file is missing or broken
   */
  public static ParameterTree read(Path file) throws IOException {
    return read(file, names -> "");
  }

  /** Reads the parameters: if names begin with {@code params/}, only those. */
  static ParameterTree readParameters(Path file) throws IOException {
    return read(file, ParameterRoot::of);
  }

  private static ParameterTree read(Path file, Function<Collection<String>, String> rootOf)
      throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      Map<String, ZipEntry> entries = new TreeMap<>();
      for (ZipEntry entry : Collections.list(zip.entries())) {
        if (entry.getName().endsWith(SUFFIX)) {
          entries.put(
              entry.getName().substring(0, entry.getName().length() - SUFFIX.length()), entry);
        }
      }
      if (entries.isEmpty()) {
        boolean pickles = zip.stream().anyMatch(entry -> entry.getName().endsWith(".pkl"));
        throw new CheckpointException(
            file, pickles ? Pickle.ZIP : "no npz: it has no array (.npy)");
      }
      String root = rootOf.apply(entries.keySet());
      Map<String, Tensor> tensors = new TreeMap<>();
      for (Map.Entry<String, ZipEntry> entry : entries.entrySet()) {
        String name = entry.getKey();
        if (name.startsWith(root)) {
          tensors.put(name.substring(root.length()), read(file, name, zip, entry.getValue()));
        }
      }
      return new ParameterTree(tensors);
    } catch (NoSuchFileException e) {
      throw new CheckpointException(file, "no such file", e);
    } catch (ZipException | EOFException e) {
      throw new CheckpointException(file, "no npz: " + e.getMessage(), e);
    }
  }

  private static Tensor read(Path file, String name, ZipFile zip, ZipEntry entry)
      throws IOException {
    try (DataInputStream in = new DataInputStream(zip.getInputStream(entry))) {
      requireSizeIsPossible(file, entry);
      Header header = header(in);
      long size = Region.volume(header.shape());
      long bytes = entry.getSize() - header.bytes();
      StoredArray whole =
          new StoredArray(header.shape(), header.dtype().label(), header.bytes(), bytes);
      float[] values = ArrayLoader.allocate(header.shape(), List.of(whole));
      new ArrayLoader(header.byteOrder())
          .load(Channels.newChannel(in), size, header.dtype(), values);
      return Tensor.takeOver(
          header.fortran() ? fromFortranOrder(values, header.shape()) : values, header.shape());
    } catch (MalformedException | EOFException | ZipException e) {
      throw CheckpointException.atLeaf(file, name, e);
    }
  }

  /** Checks that an entry can have its claimed size, before memory is allocated for it. */
  private static void requireSizeIsPossible(Path file, ZipEntry entry) throws IOException {
    long packed = Math.min(entry.getCompressedSize(), Files.size(file));
    if (entry.getSize() > packed * MAX_DEFLATE_RATIO) {
      throw new MalformedException(
          String.format("%d bytes cannot be packed into %d", entry.getSize(), packed));
    }
  }

  private static Header header(DataInputStream in) throws IOException {
    byte[] magic = in.readNBytes(MAGIC.length);
    if (!Arrays.equals(magic, MAGIC)) {
      throw new MalformedException("no npy: begins with " + Arrays.toString(magic));
    }
    int version = in.readUnsignedByte();
    in.readUnsignedByte(); // minor version
    int lengthBytes = version == 1 ? Short.BYTES : Integer.BYTES;
    ByteBuffer length = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    in.readFully(length.array(), 0, lengthBytes);
    int headerLength = length.getInt(0);
    if (headerLength < 0 || headerLength > MAX_HEADER_BYTES) {
      throw new MalformedException("npy header of " + headerLength + " bytes");
    }
    byte[] text = new byte[headerLength];
    in.readFully(text);
    int bytes = MAGIC.length + 2 + lengthBytes + headerLength;
    return parse(new String(text, StandardCharsets.UTF_8), bytes);
  }

  private static Header parse(String text, int bytes) throws MalformedException {
    String descr = find(DESCR, text);
    Dtype dtype = descr.isEmpty() ? null : DTYPES.get(descr.substring(1));
    if (dtype == null) {
      throw new MalformedException(
          descr.endsWith("O")
              ? "holds Python objects, which is a pickle: those can run code and are never read"
              : "unknown dtype " + descr);
    }
    ByteOrder order = descr.charAt(0) == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    List<String> extents =
        DIGITS.matcher(find(SHAPE, text)).results().map(MatchResult::group).toList();
    int[] shape = new int[extents.size()];
    for (int axis = 0; axis < shape.length; axis++) {
      try {
        shape[axis] = Integer.parseInt(extents.get(axis));
      } catch (NumberFormatException e) {
        throw new MalformedException("extent " + extents.get(axis) + " of axis " + axis, e);
      }
    }
    return new Header(bytes, dtype, order, find(FORTRAN, text).equals("True"), shape);
  }

  private static String find(Pattern pattern, String text) throws MalformedException {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new MalformedException("no dtype, order or shape in the npy header " + text.strip());
    }
    return String.valueOf(matcher.group(1));
  }

  /** Reorders values from Fortran order (first axis fastest) to C order. */
  private static float[] fromFortranOrder(float[] values, int[] shape) {
    float[] ordered = new float[values.length];
    int[] index = new int[shape.length];
    for (float value : values) {
      int position = 0;
      for (int axis = 0; axis < shape.length; axis++) {
        position = position * shape[axis] + index[axis];
      }
      ordered[position] = value;
      for (int axis = 0; axis < shape.length && ++index[axis] == shape[axis]; axis++) {
        index[axis] = 0;
      }
    }
    return ordered;
  }
}

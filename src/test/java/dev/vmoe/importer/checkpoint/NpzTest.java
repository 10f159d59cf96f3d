package dev.vmoe.importer.checkpoint;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.core.tensor.ParameterTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NpzTest {

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @CsvSource({
    "<f4, 0000c03f000020c0, 1.5, -2.5",
    ">f4, 3fc00000c0200000, 1.5, -2.5",
    "<f8, 000000000000f83f00000000000004c0, 1.5, -2.5",
    "<f2, 003e00c1, 1.5, -2.5",
    "|V2, c03f20c0, 1.5, -2.5",
    "|i1, 05ff, 5, -1",
    "|u1, 05ff, 5, 255",
    "<i2, 0500ffff, 5, -1",
    ">u2, 0005ffff, 5, 65535",
    "<i4, 05000000ffffffff, 5, -1",
    "<u4, 05000000ffffffff, 5, 4294967295",
    ">i8, 0000000000000005ffffffffffffffff, 5, -1",
    "<u8, 0500000000000000ffffffffffffffff, 5, 1.8446744073709552e19",
    "|b1, 0001, 0, 1",
  })
  void shouldReadEveryNumericType(String descr, String hex, float first, float second)
      throws IOException {
    ParameterTree tree = read(Map.of("x.npy", npy(descr, "(2,)", false, bytes(hex))));

    assertThat(tree.get("x").shape()).containsExactly(2);
    assertThat(tree.get("x").at(0)).isEqualTo(first);
    assertThat(tree.get("x").at(1)).isEqualTo(second);
  }

  @Test
  void shouldReadFortranOrder() throws IOException {
    // (2, 3): columns 0 3, 1 4, 2 5
    byte[] columns = {0, 3, 1, 4, 2, 5};
    ParameterTree tree =
        read(
            Map.of(
                "a/fortran.npy", npy("|u1", "(2, 3)", true, columns),
                "a/c.npy", npy("|u1", "(2, 3)", false, columns)));

    assertThat(tree.paths()).containsExactly("a/c", "a/fortran");
    for (int i = 0; i < columns.length; i++) {
      assertThat(tree.get("a/fortran").at(i)).isEqualTo(i);
      assertThat(tree.get("a/c").at(i)).isEqualTo(columns[i]);
    }
  }

  @Test
  void shouldReadFortranOrderOfThreeAxes() throws IOException {
    // value 100 i + 10 j + k at (i, j, k), the first axis fastest
    byte[] values = new byte[2 * 3 * 2];
    int at = 0;
    for (int k = 0; k < 2; k++) {
      for (int j = 0; j < 3; j++) {
        for (int i = 0; i < 2; i++) {
          values[at++] = (byte) (100 * i + 10 * j + k);
        }
      }
    }
    ParameterTree tree = read(Map.of("x.npy", npy("|u1", "(2, 3, 2)", true, values)));

    assertThat(tree.get("x").at(0)).isEqualTo(0);
    assertThat(tree.get("x").at(1)).isEqualTo(1);
    assertThat(tree.get("x").at(2)).isEqualTo(10);
    assertThat(tree.get("x").at(6)).isEqualTo(100);
    assertThat(tree.get("x").at(11)).isEqualTo(121);
  }

  @Test
  void shouldReadScalarsEmptyArraysAndSecondVersionHeaders() throws IOException {
    byte[] second = npy("|u1", "(1,)", false, new byte[] {7});
    ByteBuffer v2 = ByteBuffer.allocate(second.length + 2).order(ByteOrder.LITTLE_ENDIAN);
    v2.put(second, 0, 6).put((byte) 2).put((byte) 0);
    v2.putInt(second.length - 10 - 1).put(second, 10, second.length - 10);
    ParameterTree tree =
        read(
            Map.of(
                "scalar.npy", npy("|u1", "()", false, new byte[] {3}),
                "empty.npy", npy("<f4", "(0, 4)", false, new byte[0]),
                "second.npy", v2.array()));

    assertThat(tree.get("scalar").shape()).isEmpty();
    assertThat(tree.get("scalar").at(0)).isEqualTo(3);
    assertThat(tree.get("empty").shape()).containsExactly(0, 4);
    assertThat(tree.get("second").at(0)).isEqualTo(7);
  }

  @Test
  void shouldReadMoreThanOneWindow() throws IOException {
    byte[] values = new byte[(1 << 20) + 5];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) (i % 251);
    }
    ParameterTree tree =
        read(Map.of("x.npy", npy("|u1", "(" + values.length + ",)", false, values)));

    for (int i = 0; i < values.length; i++) {
      if (tree.get("x").at(i) != i % 251) {
        assertThat(tree.get("x").at(i)).as("value %d", i).isEqualTo(i % 251);
      }
    }
  }

  /** What torch.save and pickle write, under another name. */
  @Test
  void shouldNotReadPickles() throws IOException {
    Path file = folder.resolve("x.npz");
    Files.write(file, zip(Map.of("archive/data.pkl", new byte[8])));
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> CheckpointReader.read(file))
        .withMessageContaining("is a zip of pickles, as PyTorch writes it");
    Files.write(file, new byte[] {(byte) 0x80, 4, '}', '.'});
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> CheckpointReader.read(file))
        .withMessageContaining("is a pickle, as PyTorch writes it");
    Files.write(file, zip(Map.of("notes.txt", new byte[8])));
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> CheckpointReader.read(file))
        .withMessageContaining("no npz: it has no array (.npy)");
  }

  @Test
  void shouldNameTheArrayAtFault() throws IOException {
    assertFails(
        npy("|O", "(1,)", false, new byte[8]),
        "leaf x: holds Python objects, which is a pickle: those can run code and are never read");
    assertFails(npy("<c8", "(1,)", false, new byte[8]), "leaf x: unknown dtype <c8");
    assertFails(npy("<f4", "(3,)", false, new byte[8]), "leaf x: 8 bytes for 3 values of float32");
    assertFails(
        npy("<f4", "(70000, 70000)", false, new byte[8]),
        "leaf x: 8 bytes for 4900000000 values of float32");
    assertFails(
        npy("<f4", "(99999999999,)", false, new byte[8]), "leaf x: extent 99999999999 of axis 0");
    assertFails(new byte[] {1, 2, 3}, "leaf x: no npy: begins with [1, 2, 3]");
  }

  /** An entry of a few hundred bytes that the zip's directory says is 2 GB. */
  @Test
  void shouldNotAllocateWhatAZipClaims() throws IOException {
    int values = 500_000_000;
    byte[] npy = npy("<f4", "(" + values + ",)", false, new byte[16]);
    int claimed = npy.length - 16 + 4 * values;
    byte[] zip = zip(Map.of("x.npy", npy));
    ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = zip.length - 4; at >= 0; at--) {
      if (bytes.getInt(at) == 0x02014b50) { // header of an entry in the directory at the end
        bytes.putInt(at + 24, claimed);
      }
    }
    Path file = folder.resolve("x.npz");
    Files.write(file, zip);

    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> Npz.read(file))
        .withMessageStartingWith(file + ": leaf x: " + claimed + " bytes cannot be packed into ");
  }

  @Test
  void shouldLeaveUnreadWhatIsBesideTheParameters() throws IOException {
    Path file = folder.resolve("x.npz");
    Files.write(
        file,
        zip(
            Map.of(
                "params/x.npy",
                npy("|u1", "(1,)", false, new byte[] {5}),
                "opt_state/x.npy",
                new byte[] {1, 2, 3})));

    assertThat(Npz.readParameters(file).paths()).containsExactly("x");
  }

  @Test
  void shouldSayThatAFileIsNoZip() throws IOException {
    Path file = folder.resolve("x.npz");
    Files.write(file, new byte[100]);

    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> Npz.read(file))
        .withMessageStartingWith(file + ": no npz: ");
  }

  private void assertFails(byte[] npy, String problem) throws IOException {
    Path file = folder.resolve("x.npz");
    Files.write(file, zip(Map.of("x.npy", npy)));

    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> Npz.read(file))
        .withMessage("%s: %s", file, problem);
  }

  private ParameterTree read(Map<String, byte[]> entries) throws IOException {
    Path file = folder.resolve("x.npz");
    Files.write(file, zip(entries));
    return Npz.read(file);
  }

  /** Returns an npy file of version 1. */
  static byte[] npy(String descr, String shape, boolean fortran, byte[] values) {
    String header =
        String.format(
            "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n",
            descr, fortran ? "True" : "False", shape);
    ByteBuffer bytes =
        ByteBuffer.allocate(10 + header.length() + values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) 0x93).put("NUMPY".getBytes(ISO_8859_1)).put((byte) 1).put((byte) 0);
    bytes.putShort((short) header.length()).put(header.getBytes(ISO_8859_1)).put(values);
    return bytes.array();
  }

  static byte[] zip(Map<String, byte[]> entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }
}

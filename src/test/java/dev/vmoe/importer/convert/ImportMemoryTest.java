package dev.vmoe.importer.convert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.onnx.ModelFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Imports in processes of their own that may have little memory. */
@EnabledOnOs(OS.LINUX)
class ImportMemoryTest {

  private static final long MIB = 1 << 20;

  @TempDir private Path folder;

  /** The optimiser's two thirds of the files are passed over, and no weight is held twice. */
  @Test
  void shouldImportATrainStateWithHalfAsMuchMemoryMoreThanItsModel() throws Exception {
    Path prefix = folder.resolve("state");
    ImportProcess.Outcome written =
        ImportProcess.run(512 * MIB, folder, "state", prefix.toString(), "small");
    long model = written.number("model_bytes");
    Path file = folder.resolve("m.onnx");

    ImportProcess.Outcome imported =
        ImportProcess.run(model * 3 / 2, folder, "import", prefix.toString(), file.toString());

    assertThat(imported.exitCode()).as(imported.output()).isZero();
    assertThat(ModelCard.fromMetadata(ModelFile.metadata(file)).numExperts()).isEqualTo(12);
    assertThat(Files.size(file)).isGreaterThan(model);
    assertThat(imported.number("read_bytes")).isLessThan(model * 3 / 2);

    ImportProcess.Outcome refused =
        ImportProcess.run(model / 2, folder, "import", prefix.toString(), file.toString());
    assertThat(refused.output())
        .startsWith("refused: " + prefix + ".index: the parameters take " + mebibytes(model))
        .contains("start it with -Xmx");
  }

  private static String mebibytes(long bytes) {
    return bytes / MIB + 1 + " MiB";
  }

  @Test
  void shouldRefuseAFileOfCountlessValuesWithLittleMemory() throws Exception {
    Path file = folder.resolve("bomb.index");
    byte[] listOfMillions = {(byte) 0xdd, 0x7f, -1, -1, -1};
    Files.write(file, listOfMillions);
    byte[] emptyLists = new byte[(int) MIB];
    Arrays.fill(emptyLists, (byte) 0x90);
    append(file, emptyLists, 32);

    ImportProcess.Outcome refused =
        ImportProcess.run(
            256 * MIB, folder, "import", folder.resolve("bomb").toString(), folder + "/m.onnx");

    assertThat(refused.exitCode()).as(refused.output()).isZero();
    assertThat(refused.output())
        .startsWith("refused: " + file + ": more than 67108864 bytes beside arrays");
  }

  private static void append(Path file, byte[] bytes, int times) throws IOException {
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.seek(out.length());
      for (int i = 0; i < times; i++) {
        out.write(bytes);
      }
    }
  }
}

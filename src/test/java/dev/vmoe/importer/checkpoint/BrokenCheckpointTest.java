package dev.vmoe.importer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Files with a few wrong bytes, or cut: they read, or fail with the one exception that says so. */
class BrokenCheckpointTest {

  private static Path folder = Path.of("");

  @BeforeContainer
  static void makeFolder() throws IOException {
    folder = Files.createTempDirectory("broken");
  }

  @AfterContainer
  static void removeFolder() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Property(tries = 400)
  void shouldFailAsACheckpointOrRead(@ForAll Random random) throws IOException {
    Path prefix = folder.resolve("model");
    CheckpointWriter.write(
        prefix,
        new ParameterTree(
            Map.of(
                "head/kernel",
                Tensor.of(new float[6], 2, 3),
                "head/bias",
                Tensor.of(new float[3], 3))),
        Dtype.FLOAT32,
        2);
    List<String> names =
        List.of("model.index", "model.data-00000-of-00002", "model.data-00001-of-00002");
    breakFile(folder.resolve(names.get(random.nextInt(names.size()))), random);

    assertReadsOrFails(prefix);
  }

  @Property(tries = 200)
  void shouldFailAsAnNpzOrRead(@ForAll Random random) throws IOException {
    Path file = folder.resolve("model.npz");
    Files.write(
        file, NpzTest.zip(Map.of("x.npy", NpzTest.npy("<f4", "(2, 3)", true, new byte[24]))));
    breakFile(file, random);

    assertReadsOrFails(file);
  }

  @Property(tries = 200)
  void shouldFailAsAFlaxFileOrRead(@ForAll byte[] bytes) throws IOException {
    Path file = folder.resolve("model.msgpack");
    Files.write(file, bytes);

    assertReadsOrFails(file);
  }

  private static void breakFile(Path file, Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    for (int i = random.nextInt(3); i >= 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    int length = random.nextInt(4) == 0 ? random.nextInt(bytes.length) : bytes.length;
    Files.write(file, Arrays.copyOf(bytes, length));
  }

  private static void assertReadsOrFails(Path path) throws IOException {
    try {
      assertThat(CheckpointReader.read(path).paths()).isNotNull();
    } catch (CheckpointException e) {
      assertThat(e).hasMessageContaining(folder.toString());
    }
  }
}

package dev.vmoe.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.moe.Resize;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.Npz;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Photographs at odd sizes as PIL and torchvision decode and resize them: {@code
 * src/training/export_vits.py} made the answers.
 */
class PilResizerTest {

  private static final Path RESOURCES =
      Path.of(System.getProperty("vmoe.home", "."), "src/test/resources");

  private static final Path RESIZED = RESOURCES.resolve("parity/resize.npz");

  static List<String> photos() throws IOException {
    try (Stream<Path> files = Files.list(RESOURCES.resolve("photos"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".jpg"))
          .map(name -> name.substring(0, name.length() - ".jpg".length()))
          .sorted()
          .toList();
    }
  }

  @Test
  void shouldCompareTwentyPhotographs() throws IOException {
    assertThat(photos()).hasSize(20);
  }

  @ParameterizedTest
  @MethodSource("photos")
  void shouldSeeAPhotographAsPilDoes(String photo) throws IOException, BadImageException {
    byte[] jpeg = Files.readAllBytes(RESOURCES.resolve("photos/" + photo + ".jpg"));
    ParameterTree expected = Npz.read(RESIZED);
    int compared = 0;
    for (String path : expected.paths()) {
      if (path.startsWith(photo + "/")) {
        String[] parts = path.split("/");
        int size = Integer.parseInt(parts[1]);
        byte[] seen =
            OpenCvDecoderTest.decode(
                OpenCvDecoderTest.decoder(size, Resize.ofLabel(parts[2])), size, jpeg);
        compare(path, seen, expected.get(path), 0.1, 1);
        compared++;
      }
    }
    assertThat(compared).isEqualTo(5);
  }

  /** The same pixels give the very same bytes, larger and smaller. */
  @Test
  void shouldGiveTheBytesThatPilGives() throws IOException {
    ParameterTree expected = Npz.read(RESIZED);
    Tensor tiny = expected.get("tiny");
    for (String path : expected.paths()) {
      if (path.startsWith("tiny/")) {
        String[] parts = path.split("/");
        int size = Integer.parseInt(parts[1]);
        ByteBuffer target = ByteBuffer.allocate(size * size * 3);
        Resizer.of(new Preprocessing(size, Resize.ofLabel(parts[2])))
            .resize(ByteBuffer.wrap(bytes(tiny)), tiny.extent(1), tiny.extent(0), target, 0);
        compare(path, target.array(), expected.get(path), 0, 0);
      }
    }
  }

  @Test
  void shouldRefuseASideWhoseWeightsWouldFillTheMemory() {
    byte[] png = HostileImagesTest.pngHeader(300_000, 1);
    assertThatThrownBy(
            () ->
                OpenCvDecoderTest.decode(
                    OpenCvDecoderTest.decoder(4, Resize.ofLabel("pil-bicubic")), 4, png))
        .isInstanceOf(BadImageException.class)
        .hasMessage("image claims 300000 x 1 pixels, a side may have 262144");
  }

  @Test
  void shouldRefuseACropThatIsLargerThanWhatIsResized() {
    Preprocessing preprocessing = new Preprocessing(32, Resize.ofLabel("pil-bicubic-square-31"));
    assertThatThrownBy(() -> Resizer.of(preprocessing))
        .hasMessageContaining("pil-bicubic-square-31 has no crop of 32 × 32");
    for (String label : new String[] {"pil", "pil-bicubic-shortest", "area-square-3", "cubic"}) {
      assertThatThrownBy(() -> Resize.ofLabel(label))
          .hasMessageContaining("resize '" + label + "' is neither bilinear nor area");
    }
  }

  private static void compare(String what, byte[] seen, Tensor expected, double mean, int largest) {
    assertThat(seen).hasSize(expected.size());
    double sum = 0;
    int most = 0;
    for (int i = 0; i < seen.length; i++) {
      int difference = Math.abs((seen[i] & 0xff) - (int) expected.at(i));
      sum += difference;
      most = Math.max(most, difference);
    }
    assertThat(sum / seen.length).as("mean difference of %s", what).isLessThanOrEqualTo(mean);
    assertThat(most).as("largest difference of %s", what).isLessThanOrEqualTo(largest);
  }

  private static byte[] bytes(Tensor tensor) {
    byte[] bytes = new byte[tensor.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (int) tensor.at(i);
    }
    return bytes;
  }
}

package dev.vmoe.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC1;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_COLOR_RGB;
import static org.bytedeco.opencv.global.opencv_imgcodecs.imdecode;

import dev.vmoe.core.moe.Resize;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.opencv_core.Mat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Photographs at odd sizes, decoded and resized as an instance does it, against the reference's
 * operators, as {@link TensorFlowResize} has them. Told apart: what resizing does to the very same
 * pixels, what another JPEG decoder makes of the file, and both together. The other decoder is the
 * JDK's; with {@code -Dvmoe.fidelity.decoded=FOLDER} also whichever made FOLDER/PHOTO.ppm, whose
 * differences are only written down.
 *
 * <p>Differences are in steps of 1 of 255. What was measured is written to {@code
 * target/fidelity/preprocessing.csv} and {@code decoding.csv}.
 */
class PreprocessingFidelityTest {

  private static final Path HOME = Path.of(System.getProperty("vmoe.home", "."));
  private static final Path PHOTOS = HOME.resolve("src/test/resources/photos");
  private static final Path MEASURED = HOME.resolve("target/fidelity");

  /** Largest mean difference to the reference. */
  private static final double TOLERANCE = 1;

  /** Area is rounded where the reference stays fractional; the rest is its own rounding in fp32. */
  private static final double HALF_STEP = 0.52;

  private static final String JDK = "jdk";

  private static final List<String> ROWS = new ArrayList<>();
  private static final List<String> DECODER_ROWS = new ArrayList<>();

  /** Mean and largest difference of two images. */
  private record Difference(double mean, double largest) {

    static Difference of(float[] a, float[] b) {
      assertThat(a).hasSameSizeAs(b);
      double sum = 0;
      double largest = 0;
      for (int i = 0; i < a.length; i++) {
        double difference = Math.abs((double) a[i] - b[i]);
        sum += difference;
        largest = Math.max(largest, difference);
      }
      return new Difference(sum / a.length, largest);
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%.4f,%.2f", mean, largest);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "rocket, 640, 427",
    "cat-progressive, 451, 300",
    "coffee-turned, 397, 331",
    "coffee-small, 143, 97",
    "camera-grey, 251, 509"
  })
  void shouldSeeAPhotographAsTheReferenceDoes(String photo, int width, int height)
      throws IOException, BadImageException {
    byte[] jpeg = Files.readAllBytes(PHOTOS.resolve(photo + ".jpg"));
    TensorFlowResize own = openCv(jpeg);
    assertThat(new int[] {own.width(), own.height()}).containsExactly(width, height);

    for (Map.Entry<String, TensorFlowResize> other : others(photo, jpeg).entrySet()) {
      Difference decoding = Difference.of(own.values(), other.getValue().values());
      DECODER_ROWS.add(String.join(",", photo, other.getKey(), decoding.toString()));
      for (int size : new int[] {224, 384}) {
        for (Resize resize : List.of(Resize.BILINEAR, Resize.AREA)) {
          float[] seen = seen(jpeg, size, resize);
          Difference resizing = Difference.of(seen, reference(own, size, resize));
          Difference whole = Difference.of(seen, reference(other.getValue(), size, resize));
          ROWS.add(
              String.join(
                  ",",
                  photo,
                  width + "x" + height,
                  resize.label(),
                  Integer.toString(size),
                  resizing.toString(),
                  other.getKey(),
                  whole.toString()));
          String what = photo + ", " + resize + " to " + size;
          assertThat(resizing.largest())
              .as("resizing of %s", what)
              .isLessThanOrEqualTo(resize.equals(Resize.AREA) ? HALF_STEP : 0);
          if (other.getKey().equals(JDK)) {
            assertThat(whole.mean()).as("all of %s", what).isLessThanOrEqualTo(TOLERANCE);
          }
        }
      }
    }
  }

  /** Returns what other decoders make of a file, by the name of the decoder. */
  private static Map<String, TensorFlowResize> others(String photo, byte[] jpeg)
      throws IOException {
    boolean turned = photo.endsWith("turned");
    Map<String, TensorFlowResize> decoded = new TreeMap<>();
    decoded.put(JDK, upright(jdk(jpeg), turned));
    String folder = System.getProperty("vmoe.fidelity.decoded");
    if (folder != null) {
      decoded.put("djpeg", upright(ppm(Path.of(folder, photo + ".ppm")), turned));
    }
    return decoded;
  }

  private static float[] seen(byte[] jpeg, int size, Resize resize) throws BadImageException {
    byte[] pixels = OpenCvDecoderTest.decode(OpenCvDecoderTest.decoder(size, resize), size, jpeg);
    return TensorFlowResize.of(size, size, pixels).values();
  }

  private static float[] reference(TensorFlowResize image, int size, Resize resize) {
    return (resize.equals(Resize.AREA) ? image.areaAndCrop(size) : image.bilinearAndCast(size))
        .values();
  }

  /** Returns the pixels that the product's own decoder has before it resizes. */
  private static TensorFlowResize openCv(byte[] jpeg) {
    OpenCv.load();
    try (BytePointer data = new BytePointer(jpeg);
        Mat file = new Mat(1, jpeg.length, CV_8UC1, data);
        Mat image = imdecode(file, IMREAD_COLOR_RGB)) {
      byte[] samples = new byte[(int) (image.total() * image.elemSize())];
      image.data().get(samples);
      return TensorFlowResize.of(image.cols(), image.rows(), samples);
    }
  }

  /** Returns the pixels that the JDK's decoder has, as they are stored. */
  private static TensorFlowResize jdk(byte[] jpeg) throws IOException {
    Raster samples = ImageIO.read(new ByteArrayInputStream(jpeg)).getRaster();
    boolean grey = samples.getNumBands() == 1; // getRGB would change its values
    byte[] rgb = new byte[samples.getWidth() * samples.getHeight() * 3];
    for (int i = 0; i < rgb.length; i++) {
      int pixel = i / 3;
      rgb[i] =
          (byte)
              samples.getSample(
                  pixel % samples.getWidth(), pixel / samples.getWidth(), grey ? 0 : i % 3);
    }
    return TensorFlowResize.of(samples.getWidth(), samples.getHeight(), rgb);
  }

  /** Returns the pixels of a file that {@code djpeg -rgb -pnm} has written. */
  private static TensorFlowResize ppm(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    String header = new String(bytes, 0, 20, StandardCharsets.ISO_8859_1);
    String[] words = header.split("\\s", 5);
    int width = Integer.parseInt(words[1]);
    int height = Integer.parseInt(words[2]);
    int samples = width * height * 3;
    return TensorFlowResize.of(
        width, height, Arrays.copyOfRange(bytes, bytes.length - samples, bytes.length));
  }

  /** Returns an image turned a quarter to the right, if it lies on its left side. */
  private static TensorFlowResize upright(TensorFlowResize image, boolean lies) {
    if (!lies) {
      return image;
    }
    int width = image.height();
    int height = image.width();
    float[] turned = new float[image.values().length];
    for (int i = 0; i < turned.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      turned[i] = image.values()[((width - 1 - x) * image.width() + y) * 3 + i % 3];
    }
    return new TensorFlowResize(width, height, turned);
  }

  @AfterAll
  static void writeWhatWasMeasured() throws IOException {
    Files.createDirectories(MEASURED);
    write(
        "preprocessing.csv",
        "photo,decoded,resize,size,resizing_mean,resizing_max,decoder,whole_mean,whole_max",
        ROWS);
    write("decoding.csv", "photo,decoder,mean,max", DECODER_ROWS);
  }

  private static void write(String name, String header, List<String> rows) throws IOException {
    List<String> lines = new ArrayList<>(List.of(header));
    lines.addAll(rows);
    Files.write(MEASURED.resolve(name), lines);
  }
}

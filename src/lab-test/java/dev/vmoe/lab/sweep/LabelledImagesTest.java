package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.image.DecoderLimits;
import dev.vmoe.core.image.OpenCvDecoder;
import dev.vmoe.core.image.Preprocessing;
import dev.vmoe.core.moe.Resize;
import dev.vmoe.lab.ManyClasses;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelledImagesTest {

  private static final List<String> CLASSES = List.of("shirt", "boot");

  @TempDir Path folder;

  @Test
  void shouldTakeSubFoldersAsClasses() throws IOException {
    write("boot/b.JPG", 3);
    write("boot/a.png", 2);
    write("shirt/c.webp", 4);
    write("shirt/notes.txt", 9);
    write("shirt/.hidden.png", 9);
    write("README.md", 9);

    assertThat(readAll(folder))
        .extracting(LabelledImage::name, LabelledImage::label, image -> image.encoded()[0])
        .containsExactly(
            tuple("boot/a.png", "boot", (byte) 2),
            tuple("boot/b.JPG", "boot", (byte) 3),
            tuple("shirt/c.webp", "shirt", (byte) 4));
  }

  @Test
  void shouldSayWhatAFolderLacks() throws IOException {
    write("cat.png", 1);

    assertRefused(folder, "no images found in", "one sub-folder a class");
    assertRefused(folder.resolve("nowhere"), "does not exist");
    assertRefused(folder.resolve("cat.png"), "neither a folder, nor a .csv");
  }

  @Test
  void shouldReadCsvWithAndWithoutHeader() throws IOException {
    write("a.png", 1);
    write("more/b, c.png", 2);

    for (String header : List.of("", "file,label\n")) {
      Path csv = csv(header + "a.png,boot\n\n\"more/b, c.png\" , \"a \"\"quoted\"\" shirt\"\n");

      assertThat(readAll(csv))
          .extracting(LabelledImage::name, LabelledImage::label, image -> image.encoded()[0])
          .containsExactly(
              tuple("a.png", "boot", (byte) 1),
              tuple("more/b, c.png", "a \"quoted\" shirt", (byte) 2));
    }
  }

  @Test
  void shouldNameTheLineOfACsvThatIsWrong() throws IOException {
    write("a.png", 1);

    assertRefused(csv("a.png,boot\nb.png,boot\n"), "line 2: there is no file", "b.png");
    assertRefused(csv("a.png\n"), "line 1 is not of the form file,label: a.png");
    assertRefused(csv("a.png,x,y\n"), "line 1 is not of the form file,label");
    assertRefused(csv("file,label\n"), "no images found in");
  }

  @Test
  void shouldReadSplitsAndPassOverOtherColumns() throws IOException {
    write("held-out/0.png", 1);
    write("unseen/0.png", 2);
    Path csv =
        Files.writeString(
            folder.resolve("labels.csv"),
            """
            file,split,code_point,label
            held-out/0.png,held-out,4E9C,亜
            unseen/0.png,unseen,0022,\"\"\"\"
            """);

    for (Path set : List.of(folder, csv)) {
      assertThat(readAll(set))
          .extracting(LabelledImage::name, LabelledImage::label, LabelledImage::split)
          .containsExactly(
              tuple("held-out/0.png", "亜", "held-out"), tuple("unseen/0.png", "\"", "unseen"));
    }
  }

  @Test
  void shouldSayThatOtherSetsHaveNoSplits() throws IOException {
    write("boot/a.png", 1);

    assertThat(readAll(folder)).extracting(LabelledImage::split).containsExactly("");
    assertThat(readAll(csv("boot/a.png,boot\n")))
        .extracting(LabelledImage::split)
        .containsExactly("");
  }

  @Test
  void shouldNameTheLineThatDoesNotGoWithTheHeader() throws IOException {
    write("a.png", 1);

    assertRefused(
        csv("file,label,split\na.png,x,one\na.png,x\n"),
        "line 3 needs 3 cells, with file, label and split: a.png,x");
    assertRefused(csv("label,split,file\nx,,a.png\n"), "line 2 needs 3 cells");
    assertRefused(csv("file,label,more\na.png,,z\n"), "line 2 needs 3 cells, with file, label:");
    assertRefused(csv("file,label,file\n"), "line 1 names a column twice: file,label,file");
  }

  @Test
  void shouldNotListThousandsOfClassesInAnError() {
    LabelledImage image = new LabelledImage("a.png", new byte[0], "Z");

    assertThatThrownBy(() -> LabelledImages.classIn(ManyClasses.card(7_845), image))
        .hasMessageStartingWith(
            "a.png has the label 'Z', which is not one of the model's 7845 classes: 一, 丁, 丂, ")
        .hasMessageEndingWith(", …")
        .satisfies(e -> assertThat(String.valueOf(e.getMessage())).hasSizeLessThan(200));
    assertThatThrownBy(() -> LabelledImages.classIn(ManyClasses.card(3), image))
        .hasMessageEndingWith("the model's 3 classes: 一, 丁, 丂");
  }

  @Test
  void shouldReportAFileThatWentAway() throws IOException {
    write("boot/a.png", 1);
    try (LabelledImages images = LabelledImages.open(folder, CLASSES)) {
      Files.delete(folder.resolve("boot/a.png"));

      assertThatThrownBy(images::next)
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("cannot read");
    }
  }

  @Test
  void shouldReadIdxPairsPlainAndCompressed() throws Exception {
    byte[] images = idxImages(3, 2, 2, 0, 1, 2, 3, 50, 60, 70, 80, 252, 253, 254, 255);
    byte[] labels = idxLabels(3, 1, 0, 1);
    for (String end : List.of("", ".gz")) {
      Path pair = Files.createDirectory(folder.resolve("pair" + end));
      Path file = writeIdx(pair, "t10k-images-idx3-ubyte" + end, images);
      writeIdx(pair, "t10k-labels-idx1-ubyte" + end, labels);

      for (Path named : List.of(pair, file)) {
        List<LabelledImage> read = readAll(named);
        assertThat(read).extracting(LabelledImage::label).containsExactly("boot", "shirt", "boot");
        assertThat(grey(read.get(0))).containsExactly(0, 1, 2, 3);
        assertThat(grey(read.get(1))).containsExactly(50, 60, 70, 80);
        assertThat(grey(read.get(2))).containsExactly(252, 253, 254, 255);
      }
    }
  }

  @Test
  void shouldLabelWithTheNumberWhereThereAreNoClassNames() throws IOException {
    writeIdx(folder, "images-idx3-ubyte", idxImages(1, 1, 1, 5));
    writeIdx(folder, "labels-idx1-ubyte", idxLabels(1, 7));

    try (LabelledImages images = LabelledImages.open(folder, List.of())) {
      assertThat(images.size()).isEqualTo(1);
      assertThat(images.next().label()).isEqualTo("7");
      assertThat(images.hasNext()).isFalse();
      assertThatThrownBy(images::next).isInstanceOf(NoSuchElementException.class);
    }
  }

  @Test
  void shouldSayWhatIsWrongWithAnIdxPair() throws IOException {
    Path images = folder.resolve("images-idx3-ubyte");
    writeIdx(folder, "images-idx3-ubyte", idxImages(2, 1, 1, 5, 6));
    assertRefused(images, "has no labels beside it");

    writeIdx(folder, "labels-idx1-ubyte", idxLabels(3, 0, 0, 0));
    assertRefused(images, "has 2 images, but there are 3 labels");

    writeIdx(folder, "labels-idx1-ubyte", idxLabels(2, 0));
    assertRefused(images, "is truncated: has 1 of 2 labels");

    writeIdx(folder, "labels-idx1-ubyte", idxLabels(2, 0, 2));
    assertRefused(images, "label 2 of image 1", "outside the 2 classes");

    writeIdx(folder, "labels-idx1-ubyte", idxImages(2, 1, 1, 0, 0));
    assertRefused(images, "starts with 0x00000803, but", "starts with 0x00000801");

    writeIdx(folder, "labels-idx1-ubyte", idxLabels(2, 0, 0));
    writeIdx(folder, "images-idx3-ubyte", Arrays.copyOf(idxImages(2, 1, 1), 10));
    assertRefused(images, "truncated in its header");

    writeIdx(folder, "t10k-images-idx3-ubyte", idxImages(2, 1, 1, 5, 6));
    assertRefused(folder, "holds several sets, name one of them");
  }

  @Test
  void shouldSayWhereImagesEndEarly() throws IOException {
    for (String end : List.of("", ".gz")) {
      Path pair = Files.createDirectory(folder.resolve("cut" + end));
      byte[] whole = idxImages(2, 1, 2, 5, 6, 7, 8);
      writeIdx(pair, "images-idx3-ubyte" + end, Arrays.copyOf(whole, whole.length - 1));
      writeIdx(pair, "labels-idx1-ubyte" + end, idxLabels(2, 0, 1));

      try (LabelledImages images = LabelledImages.open(pair, CLASSES)) {
        images.next();
        assertThatThrownBy(images::next)
            .isInstanceOf(UncheckedIOException.class)
            .hasMessageContaining("is truncated: ends after 1 of 2 images");
      }
    }
  }

  @Test
  void shouldPassOverImages() throws Exception {
    write("boot/a.png", 2);
    write("boot/b.png", 3);
    write("shirt/c.png", 4);
    Path pair = Files.createDirectory(folder.resolve(".pair"));
    writeIdx(pair, "images-idx3-ubyte.gz", idxImages(3, 2, 2, 0, 0, 0, 0, 1, 1, 1, 1, 2, 3, 4, 5));
    writeIdx(pair, "labels-idx1-ubyte.gz", idxLabels(3, 0, 1, 0));

    for (Path path : List.of(folder, pair)) {
      try (LabelledImages images = LabelledImages.open(path, CLASSES)) {
        images.skip(0);
        images.skip(2);
        LabelledImage last = images.next();
        assertThat(last.label()).isEqualTo("shirt");
        assertThat(images.hasNext()).isFalse();
        if (path.equals(pair)) {
          assertThat(grey(last)).containsExactly(2, 3, 4, 5);
        }
      }
      try (LabelledImages images = LabelledImages.open(path, CLASSES)) {
        assertThatThrownBy(() -> images.skip(4))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("cannot skip 4 images")
            .hasMessageContaining("has 3");
      }
    }
  }

  private static List<LabelledImage> readAll(Path path) throws IOException {
    List<LabelledImage> read = new ArrayList<>();
    try (LabelledImages images = LabelledImages.open(path, CLASSES)) {
      images.forEachRemaining(read::add);
      assertThat(images.size()).isEqualTo(read.size());
    }
    return read;
  }

  private static void assertRefused(Path path, String... reasons) {
    assertThatThrownBy(() -> LabelledImages.open(path, CLASSES).close())
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(reasons);
  }

  /** Returns the pixels of an image of 2 x 2. */
  private static int[] grey(LabelledImage image) throws Exception {
    ByteBuffer slot = ByteBuffer.allocateDirect(12);
    new OpenCvDecoder(new Preprocessing(2, Resize.BILINEAR), new DecoderLimits(1 << 20, 100, 50))
        .decode(image.encoded(), slot, 0);
    int[] grey = new int[4];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = slot.get(i * 3) & 0xff;
    }
    return grey;
  }

  private void write(String name, int content) throws IOException {
    Path file = folder.resolve(name);
    Path parent = file.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.write(file, new byte[] {(byte) content});
  }

  private Path csv(String text) throws IOException {
    return Files.writeString(folder.resolve("set.csv"), text);
  }

  private static byte[] idxImages(int count, int height, int width, int... pixels) {
    ByteBuffer idx = ByteBuffer.allocate(16 + pixels.length);
    idx.putInt(0x803).putInt(count).putInt(height).putInt(width);
    Arrays.stream(pixels).forEach(pixel -> idx.put((byte) pixel));
    return idx.array();
  }

  private static byte[] idxLabels(int count, int... labels) {
    ByteBuffer idx = ByteBuffer.allocate(8 + labels.length).putInt(0x801).putInt(count);
    Arrays.stream(labels).forEach(label -> idx.put((byte) label));
    return idx.array();
  }

  private static Path writeIdx(Path folder, String name, byte[] bytes) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(file) : file) {
      out.write(bytes);
    }
    return Files.write(folder.resolve(name), file.toByteArray());
  }
}

package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.vmoe.app.dataset.LabelledFile;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.lab.ManyClasses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelledImagesTest {

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
    List<LabelledFile> files = LabelledImages.files(folder);
    Files.delete(folder.resolve("boot/a.png"));

    assertThatThrownBy(() -> LabelledImages.read(files.get(0)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot read");
  }

  private static List<LabelledImage> readAll(Path path) throws IOException {
    List<LabelledImage> read = new ArrayList<>();
    for (LabelledFile file : LabelledImages.files(path)) {
      read.add(LabelledImages.read(file));
    }
    return read;
  }

  private static void assertRefused(Path path, String... reasons) {
    assertThatThrownBy(() -> LabelledImages.files(path))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(reasons);
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
}

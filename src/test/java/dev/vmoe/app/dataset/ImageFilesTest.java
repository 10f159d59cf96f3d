package dev.vmoe.app.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFilesTest {

  @TempDir Path folder;

  @Test
  void shouldTakeImagesBelowAFolderInOrder() throws IOException {
    for (String name :
        List.of("b/2.JPG", "a/1.png", "c.webp", "labels.csv", ".git/x.png", "b/.x.jpg", "jpg")) {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.createFile(file);
    }

    assertThat(ImageFiles.find(List.of(folder)))
        .containsExactly(
            folder.resolve("a/1.png"), folder.resolve("b/2.JPG"), folder.resolve("c.webp"));
  }

  @Test
  void shouldTakeANamedFileWhateverItIs() throws IOException {
    Path odd = Files.createFile(folder.resolve("odd.bin"));
    Path missing = folder.resolve("missing.jpg");

    assertThat(ImageFiles.find(List.of(odd, missing))).containsExactly(odd, missing);
  }
}

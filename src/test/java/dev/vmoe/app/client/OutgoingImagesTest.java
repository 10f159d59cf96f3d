package dev.vmoe.app.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.app.dataset.BundledImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutgoingImagesTest {

  @TempDir Path folder;

  @Test
  void shouldSendFilesAgainFromTheFirstWhereMoreAreWanted() throws IOException {
    Path a = Files.write(folder.resolve("a.png"), new byte[] {1});
    Path b = Files.write(folder.resolve("b.png"), new byte[] {2});
    OutgoingImages images = OutgoingImages.files(List.of(a, b), file -> "cat").times(3);
    assertThat(images.count()).isEqualTo(3);

    List<String> keys = new ArrayList<>();
    List<Byte> bytes = new ArrayList<>();
    while (images.hasNext()) {
      OutgoingImages.OutgoingImage image = images.next();
      assertThat(image.label()).isEqualTo("cat");
      keys.add(image.key());
      bytes.add(image.bytes()[0]);
    }
    assertThat(keys).containsExactly("a.png", "b.png", "a.png");
    assertThat(bytes).containsExactly((byte) 1, (byte) 2, (byte) 1);
    assertThatThrownBy(images::next).isInstanceOf(NoSuchElementException.class);
  }

  @Test
  void shouldGiveEachImageOfTheSampleAKeyOfItsOwn() throws IOException {
    OutgoingImages images = OutgoingImages.sample(BundledImages.all()).times(5_001);
    List<String> keys = new ArrayList<>();
    OutgoingImages.OutgoingImage first = images.next();
    OutgoingImages.OutgoingImage last = first;
    keys.add(first.key());
    while (images.hasNext()) {
      last = images.next();
      keys.add(last.key());
    }
    assertThat(keys).hasSize(5_001).doesNotHaveDuplicates();
    assertThat(last.key()).isEqualTo("sample-5000");
    assertThat(last.bytes()).isEqualTo(first.bytes());
    assertThat(last.label()).isEqualTo(first.label()).isEqualTo("E");
  }
}

package dev.vmoe.lab.patches;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WatchedBatchTest {

  @Test
  void shouldSpreadWatchedImagesEvenly() {
    assertThat(places(1, 31)).containsExactly(16);
    assertThat(places(4, 28)).containsExactly(4, 12, 20, 28);
    assertThat(places(3, 2)).containsExactly(0, 2, 4);
    assertThat(places(2, 0)).containsExactly(0, 1);
    assertThat(places(1, 0)).containsExactly(0);
    assertThat(places(63, 1)).hasSize(63);
  }

  @Test
  void shouldPutEachImageAtItsPlace() {
    WatchedBatch batch = WatchedBatch.of(images(2, 1), images(3, 11));
    byte[] pixels = new byte[5 * 12];
    batch.images().get(0, pixels);
    assertThat(IntStream.range(0, 5).map(i -> pixels[12 * i + 11]))
        .containsExactly(11, 1, 12, 2, 13);
    assertThat(batch.numImages()).isEqualTo(5);
    assertThat(batch.watched().get(1).image().name()).isEqualTo("2");
    assertThat(batch.watched().get(1).place()).isEqualTo(3);
  }

  private static List<Integer> places(int watched, int company) {
    return WatchedBatch.of(images(watched, 1), images(company, 1)).watched().stream()
        .map(WatchedBatch.Watched::place)
        .toList();
  }

  /** Returns images of 2 × 2 pixels, all of one value that counts up. */
  private static List<SeenImage> images(int count, int first) {
    return IntStream.range(first, first + count)
        .mapToObj(
            value -> {
              byte[] pixels = new byte[12];
              Arrays.fill(pixels, (byte) value);
              return new SeenImage(Integer.toString(value), null, pixels);
            })
        .toList();
  }
}

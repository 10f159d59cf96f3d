package dev.vmoe.lab.mutations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecodeMutationsTest {

  private static final int FEW = 300;

  @TempDir Path folder;

  /** What a decoder does with an image before it decodes it. */
  @FunctionalInterface
  private interface Mood {
    void meet(byte[] image) throws BadImageException;
  }

  @Test
  void shouldAnswerDamagedImagesOfAllFormatsAndDecodeWholeOnes() throws Exception {
    MutationsResult result = run(FEW, image -> {}, Map.of());

    assertThat(result.toText()).contains("findings: none");
    assertThat(result.images()).isEqualTo(FEW);
    assertThat(result.formats()).containsOnlyKeys("bmp", "gif", "jpeg", "png", "tiff", "webp");
    assertThat(result.formats().values()).allMatch(outcomes -> outcomes.refused() > 0);
    assertThat(result.refusals().keySet()).anyMatch(reason -> reason.startsWith("truncated"));
    assertThat(files()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"64, true", "65, false", "NaN, false"})
  void shouldCallMemoryFlatOnlyIfItIsKnownNotToHaveGrown(double growth, boolean flat) {
    assertThat(new MutationsResult.DecodingMemory(100, 100 + growth, 200).flat()).isEqualTo(flat);
  }

  @Test
  void shouldMakeEachImageAgainFromItsNumber() {
    List<String> once = images(new Mutants(7));

    assertThat(images(new Mutants(7))).isEqualTo(once).doesNotHaveDuplicates();
    assertThat(images(new Mutants(8))).doesNotContainAnyElementsOf(once);
  }

  private static List<String> images(Mutants mutants) {
    return LongStream.range(0, 50)
        .mapToObj(mutants::bytes)
        .filter(bytes -> bytes.length > 100)
        .map(Arrays::toString)
        .toList();
  }

  @Test
  void shouldKeepImagesThatTheDecoderDoesNotHandle() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    MutationsResult result =
        run(
            FEW,
            image -> {
              switch (calls.incrementAndGet()) {
                case 10 -> throw new IllegalStateException("a defect");
                case 110 -> throw new UnsatisfiedLinkError("no natives");
                case 60 -> throw new BadImageException(" ");
                default -> {}
              }
            },
            Map.of());

    assertThat(result.findings())
        .containsEntry("exception", 1L)
        .containsEntry("error", 1L)
        .containsEntry("unexplained", 1L);
    assertThat(result.clean()).isFalse();
    assertThat(result.images()).isEqualTo(FEW);
    assertThat(files()).contains("exception-1.image", "error-1.image", "unexplained-1.image");
  }

  @Test
  void shouldKeepAnImageThatTakesTooLong() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch end = new CountDownLatch(1);
    MutationsResult result =
        run(
            FEW,
            image -> {
              if (calls.incrementAndGet() == 20) {
                awaitQuietly(end);
              }
            },
            Map.of(Settings.DECODE_TIMEOUT_MS, "2000"));
    end.countDown();

    assertThat(result.findings()).containsOnly(Map.entry("timeout", 1L));
    assertThat(result.brokenBy()).isNull();
  }

  @Test
  void shouldKeepWholeImagesThatAreRefused() throws Exception {
    MutationsResult result =
        run(
            Mutants.WHOLE_ONE_IN,
            image -> {
              throw new BadImageException("corrupt PNG: no");
            },
            Map.of());

    assertThat(result.findings()).containsOnly(Map.entry("whole-but-refused", 1L));
    assertThat(Files.readAllBytes(folder.resolve("whole-but-refused-1.image")))
        .isEqualTo(new Mutants(1).file(Mutants.WHOLE_ONE_IN - 1).bytes());
  }

  @Test
  void shouldFindWhatWasDecodedWhenTheProcessCrashed() throws IOException {
    byte[] image = {1, 2, 3};
    FindingsFolder crashed = new FindingsFolder(folder);
    crashed.begin(new byte[] {9});
    crashed.end();
    crashed.begin(image);

    FindingsFolder next = new FindingsFolder(folder);

    assertThat(next.counts()).containsOnly(Map.entry("crash", 1L));
    assertThat(Files.readAllBytes(folder.resolve("crash-1.image"))).isEqualTo(image);
    assertThat(files()).containsExactly("crash-1.image");
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.toList());
    }
  }

  private MutationsResult run(int count, Mood mood, Map<String, String> settings) throws Exception {
    return new DecodeMutations(
            count,
            1,
            new Settings(settings),
            folder,
            images -> {},
            decoder ->
                new ImageDecoder() {
                  @Override
                  public void decode(byte[] encoded, ByteBuffer images, int slot)
                      throws BadImageException {
                    mood.meet(encoded);
                    decoder.decode(encoded, images, slot);
                  }

                  @Override
                  public long decodeBytes(byte[] encoded) throws BadImageException {
                    return decoder.decodeBytes(encoded);
                  }
                })
        .run();
  }
}

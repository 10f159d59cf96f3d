package dev.vmoe.app.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.settings.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MachineCheckTest {

  private static final long MIB = 1 << 20;

  /** In MiB: heap, outside the heap, model, limit of the container. */
  @ParameterizedTest
  @CsvSource({
    "512, 512, 10, 4096, OK",
    "512, 512, 10, 1100, WARNING",
    "512, 512, 10, 1024, FAILED",
    "512, 512, 3000, 4000, FAILED"
  })
  void shouldCompareTheMemoryOfAnInstanceWithTheLimit(
      long heap, long direct, long model, long limit, Finding.Verdict status) {
    List<Finding> all = new ArrayList<>();
    Findings findings = new Findings(all::add);

    new MachineCheck(new Settings(Map.of()), model * MIB)
        .checkMemory(heap * MIB, direct * MIB, limit * MIB, findings);

    assertThat(all).hasSize(1);
    assertThat(all.get(0).status()).isEqualTo(status);
    assertThat(all.get(0).message())
        .startsWith(
            "heap %d + outside the heap %d + model %d = %d MiB of %d MiB"
                .formatted(heap, direct, model, heap + direct + model, limit));
  }

  /** In MiB: what decoding may take, what is left for it; then the maximum pixels of an image. */
  @ParameterizedTest
  @CsvSource({
    "1288, 1288, 64000000, OK",
    "400, 1288, 64000000, WARNING",
    "192, 100, 10000000, WARNING",
    "400, 1288, 40000000, OK"
  })
  void shouldCompareWhatDecodingMayTakeWithWhatIsLeftAndWithTheLargestImage(
      long max, long left, long maxPixels, Finding.Verdict status) {
    List<Finding> all = new ArrayList<>();

    new MachineCheck(new Settings(Map.of("image.max.pixels", maxPixels)), 0)
        .checkDecoding(max * MIB, left * MIB, new Findings(all::add));

    assertThat(all).hasSize(1);
    assertThat(all.get(0).status()).isEqualTo(status);
    assertThat(all.get(0).message())
        .startsWith(
            "images may take %d MiB while they are decoded, of %d MiB left; the largest take %d MiB"
                .formatted(max, left, 9 * maxPixels / MIB));
  }
}

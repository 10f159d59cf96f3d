package dev.vmoe.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.settings.Settings;
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
}

package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.lab.overload.ArrivalTrace.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArrivalTraceTest {

  private static final Rates RATES = new Rates(1000, 2000);

  @TempDir Path folder;

  @Test
  void shouldHaveTheRateOfEachPhase() {
    ArrivalTrace trace = LoadTraces.elastic(RATES, 10, 1);

    // Poisson counts: five standard deviations of the largest are 3.7 %
    assertThat(rate(trace, 0, 10)).isCloseTo(500, within(0.05 * 500));
    assertThat(rate(trace, 10, 20)).isCloseTo(1500, within(0.05 * 1500));
    assertThat(rate(trace, 20, 30)).isCloseTo(1800, within(0.05 * 1800));
    assertThat(rate(trace, 30, 40)).isCloseTo(800, within(0.05 * 800));
    assertThat(trace.lastSeconds()).isLessThan(40);
  }

  @Test
  void shouldGoPastTheLowestPointAndBackInTheOverload() {
    ArrivalTrace trace = LoadTraces.overload(RATES, 10, 1);

    assertThat(rate(trace, 0, 5)).isCloseTo(500, within(50.0));
    assertThat(rate(trace, 5, 15)).isCloseTo(2600, within(0.05 * 2600));
    assertThat(rate(trace, 15, 35)).isCloseTo(500, within(0.05 * 500));
  }

  @Test
  void shouldBurstWithTheSameMean() {
    ArrivalTrace trace = LoadTraces.bursty(46_000, 40, 1);

    assertThat(trace.images()).isEqualTo(46_000);
    assertThat(trace.lastSeconds()).isLessThan(40);
    double[] rates = IntStream.range(0, 40).mapToDouble(s -> rate(trace, s, s + 1)).toArray();
    double largest = IntStream.range(0, 40).mapToDouble(s -> rates[s]).max().orElseThrow();
    double smallest = IntStream.range(0, 40).mapToDouble(s -> rates[s]).min().orElseThrow();
    assertThat(largest).isGreaterThan(1.5 * 46_000 / 40);
    assertThat(smallest).isLessThan(0.8 * 46_000 / 40);
  }

  @Test
  void shouldBeTheSameForTheSameSeedOnly() {
    assertThat(LoadTraces.elastic(RATES, 3, 7).toText())
        .isEqualTo(LoadTraces.elastic(RATES, 3, 7).toText())
        .isNotEqualTo(LoadTraces.elastic(RATES, 3, 8).toText());
    assertThat(LoadTraces.bursty(900, 3, 7).toText())
        .isEqualTo(LoadTraces.bursty(900, 3, 7).toText())
        .isNotEqualTo(LoadTraces.bursty(900, 3, 8).toText());
  }

  @Test
  void shouldReadWhatItWrote() throws IOException {
    ArrivalTrace trace = ArrivalTrace.poisson("mine", List.of(new Phase(1, 100)), 3);
    Path file = Files.writeString(folder.resolve("a.txt"), "# seconds\n\n" + trace.toText());

    ArrivalTrace read = ArrivalTrace.read("mine", file);

    assertThat(read.toText()).isEqualTo(trace.toText());
  }

  @ParameterizedTest
  @CsvSource({
    "'0.1\n0.2\nsoon', line 3: 'soon' is no number of seconds",
    "'0.1\n-0.2', line 2: -0.2 is no time",
    "'0.1\nNaN', line 2: NaN is no time",
    "'0.3\n0.2', line 2: 0.2 comes after 0.3",
    "'# nothing', holds no arrivals"
  })
  void shouldSayWhichLineIsNoArrival(String text, String message) throws IOException {
    Path file = Files.writeString(folder.resolve("a.txt"), text);

    assertThatThrownBy(() -> ArrivalTrace.read("mine", file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldRefuseRatesWithoutARange() {
    assertThatThrownBy(() -> new Rates(1000, 990).requireRange())
        .hasMessageContaining("1000.0 images/s at full quality and 990.0 at the lowest point");
  }

  private static double rate(ArrivalTrace trace, double from, double to) {
    return IntStream.range(0, trace.images())
            .filter(i -> trace.seconds(i) >= from && trace.seconds(i) < to)
            .count()
        / (to - from);
  }
}

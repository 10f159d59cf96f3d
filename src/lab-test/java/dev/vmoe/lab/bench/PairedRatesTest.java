package dev.vmoe.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class PairedRatesTest {

  @Test
  void shouldFindACostThatIsSmallerThanTheMachinesNoise() {
    int pairs = 200;
    double[] with = new double[pairs];
    double[] without = new double[pairs];
    Random random = new Random(1);
    for (int i = 0; i < pairs; i++) {
      double moment = 500 + 500 * random.nextDouble(); // of the machine, the same for both
      without[i] = moment * (1 + 0.05 * random.nextGaussian());
      with[i] = 0.97 * moment * (1 + 0.05 * random.nextGaussian());
    }

    PairedRates compared = PairedRates.of(with, without, 1);

    assertThat(compared.cost()).isCloseTo(0.03, within(0.01));
    assertThat(compared.low()).isLessThan(0.97);
    assertThat(compared.high()).isGreaterThan(0.97);
    assertThat(compared.costBound()).isBetween(0.03, 0.05);
  }

  @Test
  void shouldTakeTheGeometricMean() {
    PairedRates compared = PairedRates.of(new double[] {50, 200}, new double[] {100, 100}, 1);

    assertThat(compared.ratio()).isCloseTo(1, within(1e-12));
    assertThat(compared.low()).isCloseTo(0.5, within(1e-12));
    assertThat(compared.high()).isCloseTo(2, within(1e-12));
  }

  @Test
  void shouldRefuseARateOfNothing() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PairedRates.of(new double[] {0}, new double[] {1}, 1))
        .withMessageContaining("a rate of 0.0");
  }
}

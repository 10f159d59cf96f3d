package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class IntervalTest {

  @Test
  void shouldMatchTheBinomialQuantilesOfFiveInTen() {
    // P(X <= 1) = 0.011 and P(X <= 2) = 0.055: the lower 2.5 % end within X = 2
    assertThat(Interval.ofDifference(5, 0, 10, 1)).isEqualTo(new Interval(0.5, 0.2, 0.8));
  }

  @Test
  void shouldComeNearTheNormalIntervalOfManyImages() {
    double half = 1.96 * Math.sqrt(0.9 * 0.1 / 10_000);

    Interval interval = Interval.ofDifference(9_000, 0, 10_000, 1);

    assertThat(interval.low()).isCloseTo(0.9 - half, within(0.0006));
    assertThat(interval.high()).isCloseTo(0.9 + half, within(0.0006));
  }

  @Test
  void shouldHaveNoWidthWhereAllImagesAreAlike() {
    assertThat(Interval.ofDifference(7, 0, 7, 1)).isEqualTo(new Interval(1, 1, 1));
    assertThat(Interval.ofDifference(0, 0, 7, 1)).isEqualTo(new Interval(0, 0, 0));
    assertThat(Interval.ofDifference(0, 7, 7, 1)).isEqualTo(new Interval(-1, -1, -1));
  }

  @Test
  void shouldBeNarrowerForAPairedDifferenceThatFewImagesMake() {
    Interval few = Interval.ofDifference(10, 10, 1_000, 1);
    Interval many = Interval.ofDifference(300, 300, 1_000, 1);

    assertThat(few.low()).isBetween(-0.012, -0.006);
    assertThat(few.high()).isBetween(0.006, 0.012);
    assertThat(many.high() - many.low()).isGreaterThan(4 * (few.high() - few.low()));
  }

  @Property(tries = 50)
  void shouldHoldTheMeanAndRepeatItself(
      @ForAll @IntRange(min = 1, max = 300) int images,
      @ForAll @IntRange(max = 300) int gained,
      @ForAll @IntRange(max = 300) int lost,
      @ForAll long seed) {
    int up = gained % (images + 1);
    int down = lost % (images - up + 1);
    double mean = (double) (up - down) / images;

    Interval interval = Interval.ofDifference(up, down, images, seed);

    assertThat(interval.mean()).isEqualTo(mean).isBetween(interval.low(), interval.high());
    assertThat(interval.low()).isGreaterThanOrEqualTo(-1);
    assertThat(interval.high()).isLessThanOrEqualTo(1);
    assertThat(Interval.ofDifference(up, down, images, seed)).isEqualTo(interval);
  }

  @Test
  void shouldRefuseMoreImagesThanThereAre() {
    assertThatThrownBy(() -> Interval.ofDifference(4, 3, 6, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4 images gained and 3 lost of 6");
  }
}

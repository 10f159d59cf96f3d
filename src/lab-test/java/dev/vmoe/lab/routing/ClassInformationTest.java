package dev.vmoe.lab.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ClassInformationTest {

  private static final double LOG2_3 = Math.log(3) / Math.log(2);

  @Test
  void shouldBeOneBitWhereEachOfTwoClassesHasItsExpert() {
    ClassInformation information = ClassInformation.of(new long[][] {{50, 0}, {0, 50}}, 1);

    assertThat(information.bits()).isCloseTo(1, within(1e-12));
    assertThat(information.maxBits()).isCloseTo(1, within(1e-12));
    assertThat(information.chanceBits()).isCloseTo(1 / (200 * Math.log(2)), within(1e-12));
    assertThat(information.aboveChanceBits()).isCloseTo(1 - 1 / (200 * Math.log(2)), within(1e-12));
  }

  @Test
  void shouldBeNothingWhereAllClassesAreAlike() {
    ClassInformation information =
        ClassInformation.of(new long[][] {{30, 10, 20}, {60, 20, 40}}, 1.0 / 3);

    assertThat(information.bits()).isCloseTo(0, within(1e-12));
    assertThat(information.aboveChanceBits()).isZero();
  }

  @Test
  void shouldBeWhatIsWorkedOutByHand() {
    // p = 1/2 0 / 1/4 1/4: H(class) = 1, H(expert) = 2 - 3/4 log2 3, H(both) = 3/2
    ClassInformation information = ClassInformation.of(new long[][] {{2, 0}, {1, 1}}, 1);

    double ofExperts = 2 - 0.75 * LOG2_3;
    assertThat(information.bits()).isCloseTo(1 + ofExperts - 1.5, within(1e-12));
    assertThat(information.maxBits()).isCloseTo(ofExperts, within(1e-12));
  }

  @Test
  void shouldNotCountExpertsAndClassesThatHaveNothing() {
    assertThat(ClassInformation.of(new long[][] {{5, 0, 5}, {0, 0, 0}, {5, 0, 5}}, 0.5))
        .isEqualTo(ClassInformation.of(new long[][] {{5, 5}, {5, 5}}, 0.5));
    assertThat(ClassInformation.of(new long[][] {{0, 0}}, 1))
        .isEqualTo(new ClassInformation(0, 0, 0));
    assertThat(ClassInformation.of(new long[0][], 0)).isEqualTo(new ClassInformation(0, 0, 0));
  }

  /** Classes that have nothing to do with the experts, as often as it takes to see the mean. */
  private static double meanOfNothing(int images, int choices, double likeEachOther) {
    Random random = new Random(7);
    int trials = 200;
    int classes = 10;
    int experts = 8;
    double sum = 0;
    for (int trial = 0; trial < trials; trial++) {
      long[][] counts = new long[classes][experts];
      for (int image = 0; image < images; image++) {
        int c = image % classes;
        int favourite = random.nextInt(experts);
        for (int choice = 0; choice < choices; choice++) {
          boolean favours = random.nextDouble() < likeEachOther;
          counts[c][favours ? favourite : random.nextInt(experts)]++;
        }
      }
      sum += ClassInformation.of(counts, 1).bits();
    }
    return sum / trials;
  }

  @Test
  void shouldGrantChanceWhatItGivesAtMost() {
    int images = 1000;
    double chance = ClassInformation.of(filled(images), 1).chanceBits();

    // all choices of an image are alike: the worst case
    assertThat(meanOfNothing(images, 100, 1)).isCloseTo(chance, within(0.1 * chance));
    // all choices are independent: far below
    assertThat(meanOfNothing(images, 100, 0)).isCloseTo(chance / 100, within(0.001));
    assertThat(meanOfNothing(images, 100, 0.5)).isBetween(chance / 10, chance);
  }

  @Test
  void shouldGrantChanceMoreWhereImagesHaveLostTheirChoices() {
    // of 1,000 images with 100 choices each, 250 keep all and the others none
    double chance = ClassInformation.of(filled(25_000), 0.01).chanceBits();

    assertThat(chance).isCloseTo(ClassInformation.of(filled(250), 1).chanceBits(), within(1e-9));
    assertThat(meanOfNothing(250, 100, 1)).isCloseTo(chance, within(0.15 * chance));
  }

  /** Returns this many choices, spread over 10 classes and 8 experts; not all may fit evenly. */
  private static long[][] filled(int choices) {
    long[][] counts = new long[10][8];
    for (int choice = 0; choice < choices; choice++) {
      counts[choice % 10][choice / 10 % 8]++;
    }
    return counts;
  }
}

package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LinearProbeTest {

  private static final int VECTORS = 300;

  /** Returns how many of noisy vectors of three classes are told, of which one number tells. */
  private static long told(double signal) {
    Random random = new Random(3);
    float[][] vectors = new float[VECTORS][20];
    int[] classes = new int[VECTORS];
    for (int i = 0; i < VECTORS; i++) {
      classes[i] = random.nextInt(3);
      for (int d = 0; d < 20; d++) {
        vectors[i][d] = (float) (1000 + 5 * random.nextGaussian()); // far from 0, as pixels are
      }
      vectors[i][7 + classes[i]] += (float) (5 * signal);
      vectors[i][19] = 4; // says nothing, and has no deviation
    }
    long right = 0;
    for (boolean it : LinearProbe.crossValidated(vectors, classes, 3, 1)) {
      right += it ? 1 : 0;
    }
    return right;
  }

  @Test
  void shouldFindTheClassThatVectorsTellOf() {
    assertThat(told(6)).isGreaterThan(290);
  }

  @Test
  void shouldFindNothingInNoise() {
    assertThat(told(0)).isBetween(70L, 130L);
  }
}

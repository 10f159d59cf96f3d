package dev.vmoe.lab.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class MapOrderTest {

  @RepeatedTest(5)
  void shouldFindTheDiagonalThatWasShuffled(RepetitionInfo repetition) {
    int n = 8;
    List<Integer> rows = new ArrayList<>(IntStream.range(0, n).boxed().toList());
    List<Integer> columns = new ArrayList<>(rows);
    Random random = new Random(repetition.getCurrentRepetition());
    Collections.shuffle(rows, random);
    Collections.shuffle(columns, random);
    double[][] weights = new double[n][n];
    for (int c = 0; c < n; c++) {
      for (int e = 0; e < n; e++) {
        weights[rows.get(c)][columns.get(e)] = Math.exp(-Math.abs(c - e));
      }
    }

    MapOrder order = MapOrder.of(weights);

    // the band again, from one end or the other
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        assertThat(weights[order.classes()[i]][order.experts()[j]])
            .isEqualTo(Math.exp(-Math.abs(i - j)));
      }
    }
  }

  @Test
  void shouldPutClassesWithTheExpertTheyPreferOverTheOthers() {
    // Expert 0 has most of everybody; what differs is that class 0 goes to 2, class 1 to 1.
    MapOrder order = MapOrder.of(new double[][] {{0.8, 0, 0.2}, {0.8, 0.2, 0}, {0.8, 0.15, 0.05}});

    int[] experts = order.experts();
    assertThat(experts[1]).isZero();
    assertThat(order.classes())
        .containsExactly(experts[0] == 1 ? new int[] {1, 2, 0} : new int[] {0, 1, 2});
  }

  @Test
  void shouldOrderWhatHasNoOrderAlwaysAlike() {
    double[][] alike = {{0.5, 0.5, 0}, {0.5, 0.5, 0}};

    assertThat(MapOrder.of(alike).experts()).containsExactlyInAnyOrder(0, 1, 2);
    assertThat(MapOrder.of(alike).experts()[2]).as("unused").isEqualTo(2);
    assertThat(MapOrder.of(alike).classes()).containsExactly(0, 1);
    assertThat(MapOrder.of(new double[][] {{0, 0}}).classes()).containsExactly(0);
  }
}

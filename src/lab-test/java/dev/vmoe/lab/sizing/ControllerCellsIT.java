package dev.vmoe.lab.sizing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.lab.sizing.ControllerTable.Row;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The adaptive policy beside the proportional one, over every load and disturbance. */
@Tag("soak")
class ControllerCellsIT {

  private static List<Row> adaptive;
  private static List<Row> proportional;

  @BeforeAll
  static void simulate() {
    List<Row> all = ControllerTable.rows(ControllerCells.all());
    adaptive = of(all, "adaptive");
    proportional = of(all, "proportional");
  }

  private static List<Row> of(List<Row> all, String policy) {
    return all.stream().filter(row -> row.policy().equals(policy)).toList();
  }

  @Test
  void shouldNowhereBeLaterThanTheProportionalOne() {
    for (int i = 0; i < adaptive.size(); i++) {
      assertThat(adaptive.get(i).late())
          .as("late images of %s", adaptive.get(i).cell())
          .isLessThanOrEqualTo(proportional.get(i).late() + 0.01);
    }
    assertThat(cells(i -> adaptive.get(i).late() > proportional.get(i).late() + 0.005))
        .isLessThanOrEqualTo(2);
  }

  @Test
  void shouldBeMoreAccurateInTheMeanAndNowhereMuchLess() {
    for (int i = 0; i < adaptive.size(); i++) {
      assertThat(adaptive.get(i).accuracy())
          .as("accuracy, late images counted as wrong, of %s", adaptive.get(i).cell())
          .isGreaterThanOrEqualTo(proportional.get(i).accuracy() - 0.01);
    }
    assertThat(cells(i -> adaptive.get(i).accuracy() < proportional.get(i).accuracy() - 0.001))
        .isLessThanOrEqualTo(4);
    assertThat(mean(adaptive)).isGreaterThan(mean(proportional) + 0.01);
  }

  private static long cells(IntPredicate which) {
    return IntStream.range(0, adaptive.size()).filter(which).count();
  }

  private static double mean(List<Row> rows) {
    return rows.stream().collect(Collectors.averagingDouble(Row::accuracy));
  }

  @Test
  void shouldBeBackFiveSecondsAfterADisturbance() {
    var undisturbed =
        adaptive.stream()
            .filter(row -> row.cell().disturbance() == ControllerCells.Disturbance.STEADY)
            .collect(Collectors.toMap(Row::cell, Function.identity()));
    long back =
        adaptive.stream()
            .filter(row -> row.cell().disturbance().ends())
            .filter(
                row ->
                    Double.isNaN(row.after())
                        || row.after()
                            >= undisturbed.get(row.cell().undisturbed()).accuracy() - 0.001)
            .count();
    long all = adaptive.stream().filter(row -> row.cell().disturbance().ends()).count();
    assertThat(back).as("of %d cells", all).isGreaterThanOrEqualTo(Math.round(0.95 * all));
  }
}

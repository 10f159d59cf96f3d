package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.lab.overload.ControllerTable.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The adaptive policy beside the proportional one, over every load and disturbance. */
@Timeout(300)
class ControllerCellsTest {

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
          .isLessThanOrEqualTo(proportional.get(i).late() + 0.008);
    }
    assertThat(cells(i -> adaptive.get(i).late() > proportional.get(i).late() + 0.005))
        .isLessThanOrEqualTo(1);
  }

  @Test
  void shouldBeMoreAccurateInTheMeanAndNowhereMuchLess() {
    for (int i = 0; i < adaptive.size(); i++) {
      assertThat(adaptive.get(i).accuracy())
          .as("accuracy, late images counted as wrong, of %s", adaptive.get(i).cell())
          .isGreaterThanOrEqualTo(proportional.get(i).accuracy() - 0.007);
    }
    assertThat(cells(i -> adaptive.get(i).accuracy() < proportional.get(i).accuracy() - 0.001))
        .isLessThanOrEqualTo(2);
    assertThat(mean(adaptive, Row::accuracy))
        .isGreaterThan(mean(proportional, Row::accuracy) + 0.018);
  }

  private static long cells(IntPredicate which) {
    return IntStream.range(0, adaptive.size()).filter(which).count();
  }

  private static <T> double mean(List<T> all, ToDoubleFunction<T> value) {
    return all.stream().collect(Collectors.averagingDouble(value));
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
    assertThat(back).as("of %d cells", all).isGreaterThanOrEqualTo(Math.round(0.975 * all));
  }

  /** Fails where the code was changed and the published table was not made again. */
  @Test
  void shouldBeWhatThePublishedTableSays() throws IOException {
    Path table =
        Path.of(System.getProperty("vmoe.home", "."), "src/docs/measurements/controller/cells.csv");
    Map<String, List<String[]>> published =
        Files.readAllLines(table).stream()
            .map(line -> line.split(","))
            .filter(cell -> cell[0].equals("now"))
            .collect(Collectors.groupingBy(cell -> cell[3] + " " + cell[5]));
    Map<String, List<Row>> now =
        Stream.concat(adaptive.stream(), proportional.stream())
            .collect(Collectors.groupingBy(row -> row.cell().disturbance() + " " + row.policy()));
    assertThat(published.keySet()).isEqualTo(now.keySet());
    now.forEach(
        (which, rows) -> {
          List<String[]> cells = published.get(which);
          assertThat(cells).as(which).hasSameSizeAs(rows);
          assertThat(mean(rows, Row::late))
              .as("late, %s", which)
              .isCloseTo(mean(cells, cell -> Double.parseDouble(cell[6])), within(5e-4));
          assertThat(mean(rows, Row::accuracy))
              .as("accuracy, %s", which)
              .isCloseTo(mean(cells, cell -> Double.parseDouble(cell[7])), within(5e-4));
        });
  }
}

package dev.vmoe.lab.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class AxisTest {

  private static final Axis LINEAR = new Axis("images", false);
  private static final Axis LOGARITHMIC = new Axis("ms", true);

  @Test
  void shouldPutTicksAtRoundValues() {
    assertThat(LINEAR.scale(0, 42).ticks(4)).containsExactly(0.0, 20.0, 40.0);
    assertThat(LINEAR.scale(0, 42).ticks(10)).hasSize(9).contains(5.0, 40.0);
    assertThat(LINEAR.scale(87.2, 89.1).ticks(7)).containsExactly(87.5, 88.0, 88.5, 89.0);
  }

  @Test
  void shouldPutTicksAtDigitsOfPowersOfTenWhereRatiosCount() {
    assertThat(LOGARITHMIC.scale(9, 60).ticks(4)).containsExactly(10.0, 20.0, 50.0);
    assertThat(LOGARITHMIC.scale(9, 60).ticks(7)).containsExactly(10.0, 20.0, 30.0, 50.0);
    assertThat(LOGARITHMIC.scale(0.5, 2000).ticks(7)).containsExactly(1.0, 10.0, 100.0, 1000.0);
  }

  @Test
  void shouldKeepATickAtTheVeryEnd() {
    assertThat(LOGARITHMIC.scale(0.1, 0.30000000000000004).ticks(7)).contains(0.1, 0.2);
    assertThat(LOGARITHMIC.scale(0.1 * (1 + 1e-12), 5 * (1 - 1e-12)).ticks(7)).contains(0.1, 5.0);
  }

  @Test
  void shouldPlaceEqualRatiosAtEqualDistances() {
    assertThat(LINEAR.scale(0, 10).place(2.5, 100, 200)).isEqualTo(125);
    assertThat(LINEAR.scale(0, 10).place(2.5, 200, 100)).isEqualTo(175); // y grows downwards
    assertThat(LOGARITHMIC.scale(1, 100).place(10, 0, 50)).isCloseTo(25, within(1e-9));
  }

  @Test
  void shouldLeaveAMarginAroundTheValues() {
    assertThat(LINEAR.around(of(10, 30))).isEqualTo(LINEAR.scale(9, 31));
    assertThat(LOGARITHMIC.around(of(11)).low()).isCloseTo(10, within(1e-9));
    assertThat(LINEAR.around(of(2)).high()).isGreaterThan(2);
    assertThatIllegalStateException()
        .isThrownBy(() -> LINEAR.around(of()))
        .withMessage("no points on the axis 'images'");
  }

  @Test
  void shouldDrawALineChartWithoutMarksOfEmptyLines() {
    LineChart chart = new LineChart("t", "s", LINEAR, LOGARITHMIC);
    chart.add(
        new Series(
            "some & more",
            "#000",
            false,
            Series.Mark.FILLED,
            List.of(Series.ChartPoint.of(1, 2), new Series.ChartPoint(2, 3, 1, 4))));
    chart.add(new Series("none", "#000", false, Series.Mark.OPEN, List.of()));

    String svg = chart.toSvg();

    assertThat(svg).contains(">some &amp; more<").doesNotContain(">none<", "NaN");
    assertThat(svg.split("<circle", -1)).hasSize(1 + 2 + 1); // two points, one in the legend
    assertThat(svg).startsWith("<svg").endsWith("</svg>\n");
  }

  private static DoubleSummaryStatistics of(double... values) {
    return DoubleStream.of(values).summaryStatistics();
  }
}

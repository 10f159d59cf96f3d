package dev.vmoe.report.overload;

import de.erichseifert.vectorgraphics2d.Processors;
import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** One trace over time: arrivals, backlog, operating point and latency of every policy. */
public final class OverloadPicture {

  private static final int WIDTH = 1000;
  private static final int PANEL_HEIGHT = 250;
  private static final int LEGEND_HEIGHT = 40;

  /** Told apart by people who see few colours, too (Okabe and Ito). */
  private static final Color[] COLORS = {
    new Color(0xD55E00),
    new Color(0x0072B2),
    new Color(0xE69F00),
    new Color(0x009E73),
    new Color(0x7F7F7F),
    new Color(0xCC79A7)
  };

  private final String title;
  private final Map<String, OverloadReport.Result> policies;
  private final double targetSeconds;
  private final int seconds;

  /**
   * Creates the picture of a trace.
   *
   * @param policies results by policy, at least one
   */
  public OverloadPicture(
      String title, Map<String, OverloadReport.Result> policies, double targetSeconds) {
    this.title = title;
    this.policies = policies;
    this.targetSeconds = targetSeconds;
    this.seconds =
        policies.values().stream().mapToInt(result -> result.timeline().size()).max().orElse(1);
  }

  /** Returns the picture as an SVG file. */
  public byte[] toSvg() {
    VectorGraphics2D graphics = new VectorGraphics2D();
    paint(graphics);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      Processors.get("svg")
          .getDocument(graphics.getCommands(), new PageSize(WIDTH, height()))
          .writeTo(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private List<XYChart> panels() {
    List<XYChart> panels = new ArrayList<>();
    panels.add(arrivals());
    panels.add(panel("images waiting", false, second -> (double) second.backlogImages()));
    panels.add(panel("ratio × K", false, Timeline.Second::slotsPerToken));
    XYChart latency = panel("p99 latency, ms", true, Timeline.Second::p99Ms);
    double target = 1e3 * targetSeconds;
    line(
        latency,
        "target",
        new double[] {0, seconds},
        new double[] {target, target},
        Color.BLACK,
        new BasicStroke(1, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {4}, 0));
    latency.setXAxisTitle("seconds");
    latency.getStyler().setLegendVisible(true);
    panels.add(latency);
    return panels;
  }

  private int height() {
    return 4 * PANEL_HEIGHT + LEGEND_HEIGHT;
  }

  /** Draws the panels below each other; the last has the legend of all. */
  void paint(Graphics2D graphics) {
    List<XYChart> panels = panels();
    for (int i = 0; i < panels.size(); i++) {
      boolean last = i == panels.size() - 1;
      Graphics2D own = (Graphics2D) graphics.create();
      own.translate(0, i * PANEL_HEIGHT);
      panels.get(i).paint(own, WIDTH, PANEL_HEIGHT + (last ? LEGEND_HEIGHT : 0));
      own.dispose();
    }
  }

  private XYChart arrivals() {
    XYChart chart = chart("images in a second", false);
    chart.setTitle(title);
    chart.getStyler().setChartTitleVisible(true);
    List<Timeline.Second> any = policies.values().iterator().next().timeline();
    draw(chart, "arrivals", any, second -> (double) second.arrivals(), Color.BLACK);
    return chart;
  }

  private XYChart panel(
      String axis, boolean logarithmic, ToDoubleFunction<Timeline.Second> figure) {
    XYChart chart = chart(axis, logarithmic);
    int color = 0;
    for (Map.Entry<String, OverloadReport.Result> policy : policies.entrySet()) {
      draw(
          chart,
          policy.getKey(),
          policy.getValue().timeline(),
          figure,
          COLORS[color++ % COLORS.length]);
    }
    return chart;
  }

  private XYChart chart(String axis, boolean logarithmic) {
    XYChart chart = new XYChartBuilder().width(WIDTH).height(PANEL_HEIGHT).yAxisTitle(axis).build();
    chart
        .getStyler()
        .setChartTitleVisible(false)
        .setLegendVisible(false)
        .setLegendPosition(LegendPosition.OutsideS)
        .setLegendLayout(LegendLayout.Horizontal)
        .setLegendBorderColor(Color.WHITE)
        .setChartBackgroundColor(Color.WHITE)
        .setBaseFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    chart
        .getStyler()
        .setXAxisMin(0.0)
        .setXAxisMax((double) seconds)
        .setYAxisLogarithmic(logarithmic)
        .setLocale(Locale.ROOT)
        .setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12))
        .setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11))
        .setYAxisDecimalPattern("#,##0.##")
        .setXAxisDecimalPattern("0");
    chart.getStyler().setYAxisMin(logarithmic ? null : 0.0);
    return chart;
  }

  /** Draws a figure in the middle of each second that has it. */
  private static void draw(
      XYChart chart,
      String name,
      List<Timeline.Second> timeline,
      ToDoubleFunction<Timeline.Second> figure,
      Color color) {
    List<Timeline.Second> known =
        timeline.stream().filter(second -> !Double.isNaN(figure.applyAsDouble(second))).toList();
    if (known.isEmpty()) {
      return;
    }
    line(
        chart,
        name,
        known.stream().mapToDouble(second -> second.second() + 0.5).toArray(),
        known.stream().mapToDouble(figure).toArray(),
        color,
        new BasicStroke(1.8f));
  }

  private static void line(
      XYChart chart, String name, double[] x, double[] y, Color color, BasicStroke stroke) {
    XYSeries series = chart.addSeries(name, x, y);
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(color);
    series.setLineStyle(stroke);
  }
}

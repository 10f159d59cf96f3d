package dev.vmoe.lab.routing;

import dev.vmoe.lab.picture.Canvas;
import dev.vmoe.lab.picture.Canvas.Anchor;
import dev.vmoe.lab.picture.CodePoints;
import dev.vmoe.lab.picture.SvgCanvas;
import dev.vmoe.lab.routing.RoutingTable.TableLayer;
import dev.vmoe.streams.output.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The routing map of some layers, side by side: experts on x, classes on y; darker means more
 * routing weight. All layers have the same scale of grey, each its own order of both axes. Where
 * there are too many classes for names beside the rows, the rows are groups of classes, if the
 * model has such; if there are still too many to show, those with the most images are shown.
 *
 * @see <a href="https://arxiv.org/abs/2106.05974">Scaling Vision with Sparse Mixture of Experts,
 *     section on what the routers learn: late layers follow the class, early ones hardly</a>
 */
public final class RoutingMapPicture {

  private static final int MARGIN = 20;
  private static final int GAP = 28;
  private static final int TOP = 112;
  private static final int BELOW = 84;
  private static final double TEXT = 12;

  /** Width that the line above a panel takes. */
  private static final double MIN_PANEL = 340;

  /** Maximum classes with names beside their rows: there is no room for more. */
  private static final int MAX_NAMED = 60;

  /** Maximum classes in the picture: more would be unreadable, and of many megabytes. */
  static final int MAX_CLASSES = 300;

  private static final int MAX_NAME_LENGTH = 26;

  /** Approximate width of a letter at the text's size. */
  private static final double LETTER = 0.58 * TEXT;

  private final RoutingTable table;

  /** The classes of the table that are shown, in its order. */
  private final int[] shown;

  private final List<LayerPanel> panels = new ArrayList<>();
  private final double darkest;
  private final double cellWidth;
  private final double cellHeight;
  private final double nameWidth;

  /** A layer as it is shown. */
  private record LayerPanel(TableLayer layer, double[][] weights, MapOrder order) {}

  /**
   * Lays out the map.
   *
   * @param blocks encoder blocks to show, each an MoE layer of the table
   * @throws IllegalArgumentException if there is no such layer, or no class had an image
   */
  public RoutingMapPicture(RoutingTable table, List<Integer> blocks) {
    if (table.classes().isEmpty() || blocks.isEmpty()) {
      throw new IllegalArgumentException("a routing map needs at least one class and one layer");
    }
    this.table = table;
    shown = shown(table);
    double max = 0;
    for (int block : blocks) {
      TableLayer layer = layer(table, block);
      double[][] all = layer.meanWeights();
      double[][] weights = Arrays.stream(shown).mapToObj(c -> all[c]).toArray(double[][]::new);
      panels.add(new LayerPanel(layer, weights, MapOrder.of(weights)));
      for (double[] row : weights) {
        for (double weight : row) {
          max = Math.max(max, weight);
        }
      }
    }
    darkest = max == 0 ? 1 : max;
    int classes = shown.length;
    int experts = panels.get(0).layer().numExperts();
    cellWidth = Math.max(8, Math.min(36, 400.0 / experts));
    cellHeight = named() ? Math.max(15, Math.min(26, 500.0 / classes)) : Math.max(1, 800 / classes);
    nameWidth =
        named()
            ? LETTER * Arrays.stream(shown).map(c -> letters(name(label(c)))).max().orElse(0)
            : 0;
  }

  /**
   * Returns a table as it is drawn: summed up by group if it has too many classes for names, and
   * groups are known.
   *
   * @param groups group by class name; may be empty
   */
  public static RoutingTable rows(RoutingTable table, Map<String, String> groups) {
    return table.classes().size() <= MAX_NAMED || groups.isEmpty() ? table : table.grouped(groups);
  }

  private static int[] shown(RoutingTable table) {
    List<RoutingTable.ClassImages> classes = table.classes();
    return IntStream.range(0, classes.size())
        .boxed()
        .sorted(Comparator.comparingLong(c -> -classes.get(c).images()))
        .limit(MAX_CLASSES)
        .mapToInt(c -> c)
        .sorted()
        .toArray();
  }

  private String label(int c) {
    return table.classes().get(c).label();
  }

  /** Returns the blocks to show by default: the first and the last. */
  public static List<Integer> firstAndLast(RoutingTable table) {
    int last = table.layers().size() - 1;
    return last == 0
        ? List.of(table.layers().get(0).block())
        : List.of(table.layers().get(0).block(), table.layers().get(last).block());
  }

  private static TableLayer layer(RoutingTable table, int block) {
    return table.layers().stream()
        .filter(layer -> layer.block() == block)
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "block %d is not an MoE layer of %s; its MoE layers are blocks %s"
                        .formatted(
                            block,
                            table.model(),
                            table.layers().stream().map(TableLayer::block).toList())));
  }

  private boolean named() {
    return shown.length <= MAX_NAMED;
  }

  private static String name(String label) {
    return label.length() <= MAX_NAME_LENGTH
        ? label
        : label.substring(0, MAX_NAME_LENGTH - 3) + "...";
  }

  /** Returns how many letters a name is wide; a canvas may write its code points instead. */
  private static int letters(String name) {
    return Math.max(name.length(), CodePoints.of(name).length());
  }

  private double panelWidth(LayerPanel panel) {
    return Math.max(nameWidth + 8 + panel.layer().numExperts() * cellWidth, MIN_PANEL);
  }

  /** Returns the width in pixels. */
  public int width() {
    double width = 2 * MARGIN - GAP;
    for (LayerPanel panel : panels) {
      width += panelWidth(panel) + GAP;
    }
    return (int) Math.ceil(Math.max(width, 560));
  }

  /** Returns the height in pixels. */
  public int height() {
    return (int) Math.ceil(TOP + shown.length * cellHeight + BELOW);
  }

  private String title() {
    return "%s: which experts the images of a %s go to".formatted(table.model(), row());
  }

  /** Returns what a row is. */
  private String row() {
    return table.groupedClasses() > 0 ? "group of classes" : "class";
  }

  /** Returns the map as SVG. */
  public String toSvg() {
    SvgCanvas canvas = new SvgCanvas(width(), height(), title());
    draw(canvas);
    return canvas.toSvg();
  }

  /** Draws the map on a canvas of its {@link #width} and {@link #height}. */
  public void draw(Canvas canvas) {
    canvas.text(MARGIN, 30, Anchor.START, 17, true, title());
    canvas.text(
        MARGIN,
        50,
        Anchor.START,
        13,
        false,
        table.images()
            + " images; experts on x, "
            + classesShown()
            + " on y, in the order that brings out what goes together");
    double left = MARGIN;
    for (LayerPanel panel : panels) {
      draw(canvas, panel, left);
      left += panelWidth(panel) + GAP;
    }
    legend(canvas, height() - 26);
  }

  private String classesShown() {
    int rows = table.classes().size();
    boolean grouped = table.groupedClasses() > 0;
    if (shown.length < rows) {
      return "the %d of %d %s with the most images"
          .formatted(shown.length, rows, grouped ? "groups" : "classes");
    }
    if (grouped) {
      return "%d groups of %d classes".formatted(rows, table.groupedClasses());
    }
    return named() ? "classes" : rows + " classes";
  }

  private void draw(Canvas canvas, LayerPanel panel, double left) {
    ClassInformation information = table.information(panel.layer());
    canvas.text(left, TOP - 34, Anchor.START, 13, true, "block " + panel.layer().block());
    canvas.text(
        left,
        TOP - 18,
        Anchor.START,
        TEXT,
        false,
        "%s bits of %s by expert, %s by chance at most"
            .formatted(
                Table.decimals(information.bits(), 3),
                table.groupedClasses() > 0 ? "group" : "class",
                Table.decimals(information.chanceBits(), 3)));
    int experts = panel.layer().numExperts();
    double x0 = left + nameWidth + 8;
    double bottom = TOP + shown.length * cellHeight;
    canvas.box(x0 - 1, TOP - 1, experts * cellWidth + 2, bottom - TOP + 2, 150);
    for (int row = 0; row < shown.length; row++) {
      int c = panel.order().classes()[row];
      double y = TOP + row * cellHeight;
      if (named()) {
        canvas.text(
            x0 - 6,
            y + cellHeight / 2 + 0.36 * TEXT,
            Anchor.END,
            TEXT,
            false,
            name(label(shown[c])));
      }
      for (int column = 0; column < experts; column++) {
        double weight = panel.weights()[c][panel.order().experts()[column]];
        canvas.box(x0 + column * cellWidth, y, cellWidth, cellHeight, grey(weight));
      }
    }
    if (cellWidth >= 16) {
      for (int column = 0; column < experts; column++) {
        canvas.text(
            x0 + (column + 0.5) * cellWidth,
            bottom + 16,
            Anchor.MIDDLE,
            TEXT,
            false,
            "e" + panel.order().experts()[column]);
      }
    }
  }

  private int grey(double weight) {
    return 255 - (int) Math.round(255 * Math.min(1, weight / darkest));
  }

  private void legend(Canvas canvas, double y) {
    int steps = 16;
    double step = 8;
    String lead = "mean routing weight of a kept choice";
    canvas.text(MARGIN, y, Anchor.START, TEXT, false, lead);
    double from = MARGIN + lead.length() * LETTER + 24;
    canvas.text(from - 6, y, Anchor.END, TEXT, false, "0");
    canvas.box(from - 1, y - 12, steps * step + 2, 14, 150);
    for (int i = 0; i < steps; i++) {
      canvas.box(from + i * step, y - 11, step, 12, grey(darkest * i / (steps - 1)));
    }
    canvas.text(from + steps * step + 8, y, Anchor.START, TEXT, false, Table.decimals(darkest, 3));
  }
}

package dev.vmoe.lab.chart;

import dev.vmoe.app.picture.Markup;
import java.util.Locale;

/**
 * A picture as SVG: text that a browser draws, and that looks the same whatever fonts this machine
 * has.
 */
public final class Svg {

  private final StringBuilder svg = new StringBuilder();

  /**
   * Starts a picture.
   *
   * @param left where its title begins, in pixels
   */
  public Svg(int width, int height, int left, String title) {
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%1$d\" height=\"%2$d\""
            + " viewBox=\"0 0 %1$d %2$d\" font-family=\"Helvetica, Arial, sans-serif\""
            + " font-size=\"13\" fill=\"#222\">",
        width, height);
    add("<title>%s</title>", Markup.escape(title));
    add("<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>");
    text(left, 28, "start", "font-size=\"17\" font-weight=\"bold\"", title);
  }

  /** Adds a formatted line; texts in it must be escaped. */
  public void add(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  /**
   * Writes a text.
   *
   * @param y of the base line
   * @param anchor what lies at x: start, middle or end
   * @param attributes more attributes of the element; may be empty
   */
  public void text(double x, double y, String anchor, String attributes, String text) {
    add(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>",
        x, y, anchor, attributes.isEmpty() ? "" : " " + attributes, Markup.escape(text));
  }

  /** Ends the picture and returns it. */
  public String end() {
    return svg + "</svg>\n";
  }
}

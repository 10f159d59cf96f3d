package dev.vmoe.lab.picture;

import java.util.Locale;

/** A canvas that becomes an SVG. */
public final class SvgCanvas implements Canvas {

  private final StringBuilder svg = new StringBuilder();

  /** Creates a white canvas. */
  public SvgCanvas(int width, int height, String title) {
    svg.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" viewBox="0 0 %1$d %2$d" \
        font-family="%4$s" fill="#222" shape-rendering="crispEdges">
        <title>%3$s</title>
        <rect width="100%%" height="100%%" fill="white"/>
        """
            .formatted(width, height, escape(title), Markup.FONTS));
  }

  @Override
  public void box(double x, double y, double width, double height, int grey) {
    svg.append(
        "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"#%5$02x%5$02x%5$02x\"/>\n"
            .formatted(number(x), number(y), number(width), number(height), grey));
  }

  @Override
  public void text(double x, double y, Anchor anchor, double size, boolean bold, String text) {
    String points = CodePoints.of(text);
    svg.append(
        "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" font-size=\"%s\"%s>%s%s</text>\n"
            .formatted(
                number(x),
                number(y),
                anchor.name().toLowerCase(Locale.ROOT),
                number(size),
                bold ? " font-weight=\"bold\"" : "",
                points.isEmpty() ? "" : "<title>" + points + "</title>",
                escape(text)));
  }

  /** Returns the picture so far. */
  public String toSvg() {
    return svg + "</svg>\n";
  }

  private static String number(double value) {
    String digits = String.format(Locale.ROOT, "%.2f", value);
    return digits.replaceAll("0+$", "").replaceAll("\\.$", "");
  }

  /** Removes the characters that XML does not allow: a model may name its classes anything. */
  private static String escape(String text) {
    return Markup.escape(text.replaceAll("[\\p{Cntrl}\\x{FFFE}\\x{FFFF}\\p{Cs}]", ""));
  }
}

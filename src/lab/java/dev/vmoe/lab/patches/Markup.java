package dev.vmoe.lab.patches;

/** Text in SVG and HTML. */
public final class Markup {

  /**
   * Fonts of the reader for text that may be of any script. Browsers go on from there to every
   * other font that they find; the ones named decide which variant of a Han character is shown.
   */
  public static final String FONTS =
      "Helvetica, Arial, 'Noto Sans', 'Noto Sans CJK JP', 'Hiragino Sans', 'Yu Gothic',"
          + " 'Malgun Gothic', 'Segoe UI Historic', 'Noto Sans Symbols', sans-serif";

  private Markup() {}

  /**
   * Returns a name as HTML: isolated, as it may run from right to left, and with its code points as
   * its title where a font may lack its characters.
   */
  public static String name(String name) {
    String points = CodePoints.of(name);
    return points.isEmpty()
        ? escape(name)
        : "<bdi title=\"%s\">%s</bdi>".formatted(points, escape(name));
  }

  /** Escapes a text for content and quoted attributes. */
  public static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}

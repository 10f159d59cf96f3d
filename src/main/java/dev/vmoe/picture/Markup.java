package dev.vmoe.picture;

/** Text in SVG and HTML. */
public final class Markup {

  private Markup() {}

  /** Escapes a text for content and quoted attributes. */
  public static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}

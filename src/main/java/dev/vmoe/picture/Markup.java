package dev.vmoe.picture;

/** Text within SVG and HTML. */
public final class Markup {

  private Markup() {}

  /** Returns a text such that it stands for itself, in content and in quoted attributes. */
  public static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}

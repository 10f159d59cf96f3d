package dev.vmoe.lab.patches;

import java.util.stream.Collectors;

/** Text in SVG and HTML. */
public final class Markup {

  /** A character with its marks; a longer name is a word, which its code points do not explain. */
  private static final int MAX_CHARACTERS = 4;

  private static final int LAST_ASCII = 0x7e;

  private Markup() {}

  /**
   * Returns a name as HTML: isolated, as it may run from right to left, and with its code points as
   * its title where a font may lack its characters.
   */
  public static String name(String name) {
    String points = codePoints(name);
    return points.isEmpty()
        ? escape(name)
        : "<bdi title=\"%s\">%s</bdi>".formatted(points, escape(name));
  }

  /**
   * Returns the code points of a short name that is not all ASCII, such as U+4E9C; else an empty
   * text. They tell readers what it is where no font has it.
   */
  static String codePoints(String name) {
    return name.codePoints().allMatch(c -> c <= LAST_ASCII)
            || name.codePointCount(0, name.length()) > MAX_CHARACTERS
        ? ""
        : name.codePoints().mapToObj("U+%04X"::formatted).collect(Collectors.joining(" "));
  }

  /** Escapes a text for content and quoted attributes. */
  public static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}

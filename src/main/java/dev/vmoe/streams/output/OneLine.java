package dev.vmoe.streams.output;

/**
 * Makes foreign text safe for a log or terminal: without line breaks and control characters, which
 * could forge further lines.
 */
public final class OneLine {

  private static final char INSTEAD = '\ufffd';

  private OneLine() {}

  /** Returns whether a text is safe as it is. */
  public static boolean is(String text) {
    return text.codePoints().noneMatch(OneLine::controls);
  }

  /** Returns the text with a replacement character for each unsafe one. */
  public static String of(String text) {
    return is(text)
        ? text
        : text.codePoints()
            .map(character -> controls(character) ? INSTEAD : character)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
  }

  /** Controls, line and paragraph separators, surrogates, and changes of the writing direction. */
  private static boolean controls(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      default ->
          (character >= 0x202a && character <= 0x202e)
              || (character >= 0x2066 && character <= 0x2069);
    };
  }
}

package dev.vmoe.lab.patches;

import java.util.stream.Collectors;

/**
 * The code points of a name of few characters, such as U+4E9C: they tell readers what it is where
 * no font has it.
 */
public final class CodePoints {

  /** A character with its marks; a longer name is a word, which its code points do not explain. */
  private static final int MAX_CHARACTERS = 4;

  private static final int LAST_ASCII = 0x7e;

  private CodePoints() {}

  /** Returns the code points of a short name that is not all ASCII, else an empty text. */
  public static String of(String name) {
    return isAscii(name) || name.codePointCount(0, name.length()) > MAX_CHARACTERS
        ? ""
        : name.codePoints().mapToObj("U+%04X"::formatted).collect(Collectors.joining(" "));
  }

  /** Returns whether every font has the letters of a text. */
  public static boolean isAscii(String text) {
    return text.codePoints().allMatch(c -> c <= LAST_ASCII);
  }
}

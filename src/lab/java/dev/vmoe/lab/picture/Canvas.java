package dev.vmoe.lab.picture;

/**
 * A surface for grey boxes and text; x goes right and y down, both in pixels of the picture's own
 * size.
 */
public interface Canvas {

  /** Where a text lies relative to its position. */
  enum Anchor {
    /** It begins at the position. */
    START,
    /** Its middle is at the position. */
    MIDDLE,
    /** It ends at the position. */
    END
  }

  /**
   * Fills a box.
   *
   * @param grey 0 (black) to 255 (white)
   */
  void box(double x, double y, double width, double height, int grey);

  /**
   * Writes one line of text.
   *
   * @param y of the base line
   * @param size height of a line
   */
  void text(double x, double y, Anchor anchor, double size, boolean bold, String text);
}

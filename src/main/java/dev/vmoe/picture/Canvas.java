package dev.vmoe.picture;

/**
 * What a picture of grey boxes and text is drawn on; x goes right, y down, both in pixels of the
 * picture's own size.
 */
public interface Canvas {

  /** Where a text lies beside its position. */
  enum Anchor {
    /** It begins there. */
    START,
    /** It has its middle there. */
    MIDDLE,
    /** It ends there. */
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

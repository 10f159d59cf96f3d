package dev.vmoe.lab.routing;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.font.TextLayout;
import java.awt.image.BufferedImage;
import org.jspecify.annotations.Nullable;

/** Text in the fonts of this machine that Java takes for sans-serif. No display is needed. */
final class InstalledFont {

  /** The base line lies a part of the height above the lower edge: one in so many. */
  private static final int BELOW = 4;

  private static final Color DARK = new Color(34, 34, 34);

  private InstalledFont() {}

  /**
   * Draws a line of text.
   *
   * @param pixels size of the font
   * @return dark text on white; null where the fonts lack a letter, or the machine has no fonts
   */
  static @Nullable BufferedImage draw(String text, double pixels, boolean bold) {
    System.setProperty("java.awt.headless", "true");
    try {
      Font font =
          new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, 1).deriveFont((float) pixels);
      return font.canDisplayUpTo(text) >= 0 ? null : draw(text, font);
    } catch (LinkageError | InternalError | RuntimeException e) {
      return null; // Java without fontconfig or without libfreetype: the picture needs neither
    }
  }

  private static BufferedImage draw(String text, Font font) {
    TextLayout layout = new TextLayout(text, font, new FontRenderContext(null, true, true));
    int width = Math.max(1, (int) Math.ceil(layout.getAdvance()));
    int height = BELOW * (int) Math.ceil(font.getSize2D() * 1.5 / BELOW);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
    graphics.setColor(DARK);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    layout.draw(graphics, 0, baseLine(image));
    graphics.dispose();
    return image;
  }

  /** Returns the row of a drawn text's base line. */
  static int baseLine(BufferedImage drawn) {
    return drawn.getHeight() - drawn.getHeight() / BELOW;
  }
}

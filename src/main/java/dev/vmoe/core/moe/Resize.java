package dev.vmoe.core.moe;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A way of bringing an image to a model's size; part of what a model says about itself, because it
 * answers well only what it has been trained with.
 *
 * @param filter how pixels are made of pixels
 * @param fit what is resized to {@code side}
 * @param side length to resize to before the central crop of the model's size, in pixels; 0 for the
 *     filter's own
 */
public record Resize(Filter filter, Fit fit, int side) {

  /** To height × width directly, bilinear, half-pixel centres, no antialiasing, truncated. */
  public static final Resize BILINEAR = new Resize(Filter.BILINEAR, Fit.SQUARE, 0);

  /** The shorter side to imageSize · 256 / 224 by area averaging, then a central crop. */
  public static final Resize AREA = new Resize(Filter.AREA, Fit.SHORTEST, 0);

  private static final int MAX_SIDE = 8192;

  private static final Pattern PIL =
      Pattern.compile("(pil-(?:bilinear|bicubic))(?:-(square|shortest)-(\\d{1,4}))?");

  /** How pixels are made of pixels. */
  public enum Filter {
    /** As TensorFlow does it. */
    BILINEAR,
    /** Means of areas, as TensorFlow does it. */
    AREA,
    /** A triangle that widens with the scale, as PIL and torchvision do it. */
    PIL_BILINEAR,
    /** A cubic curve (a = −0.5) that widens with the scale, as PIL and torchvision do it. */
    PIL_BICUBIC
  }

  /** What is resized to {@link #side}. */
  public enum Fit {
    /** Both sides: the image is squeezed. */
    SQUARE,
    /** The shorter side; the longer one keeps its proportion. */
    SHORTEST
  }

  /** Rejects sides that no model was trained with. */
  public Resize {
    boolean pil = filter == Filter.PIL_BILINEAR || filter == Filter.PIL_BICUBIC;
    if (side < 0 || side > MAX_SIDE || !pil && side != 0) {
      throw new IllegalArgumentException("resize to " + side + " pixels is not possible");
    }
    if (pil && fit == Fit.SHORTEST && side == 0) {
      throw new IllegalArgumentException("resize of the shorter side needs its length");
    }
  }

  /** Returns the name that model cards, description files and options have for it. */
  public String label() {
    String name = filter.name().toLowerCase(Locale.ROOT).replace('_', '-');
    return side == 0 ? name : name + "-" + fit.name().toLowerCase(Locale.ROOT) + "-" + side;
  }

  /**
   * Returns the way with this {@link #label()}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Resize ofLabel(String label) {
    Matcher pil = PIL.matcher(label);
    if (pil.matches()) {
      Filter filter = Filter.valueOf(pil.group(1).toUpperCase(Locale.ROOT).replace('-', '_'));
      return pil.group(2) == null
          ? new Resize(filter, Fit.SQUARE, 0)
          : new Resize(
              filter,
              Fit.valueOf(pil.group(2).toUpperCase(Locale.ROOT)),
              Integer.parseInt(pil.group(3)));
    }
    return switch (label) {
      case "bilinear" -> BILINEAR;
      case "area" -> AREA;
      default ->
          throw new IllegalArgumentException(
              "resize '"
                  + label
                  + "' is neither bilinear nor area, nor pil-bilinear or pil-bicubic, the last two"
                  + " alone or followed by -square-SIDE or -shortest-SIDE");
    };
  }

  /**
   * Checks that the crop of a model's size lies within what is resized.
   *
   * @throws IllegalArgumentException if not
   */
  public void requireCovers(int imageSize) {
    if (side != 0 && side < imageSize) {
      throw new IllegalArgumentException(
          String.format(
              "resize %s has no crop of %d × %d: choose another with --resize",
              label(), imageSize, imageSize));
    }
  }
}

package dev.vmoe.importer.convert;

import dev.vmoe.core.moe.Resize;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How {@code preprocessor_config.json} says that images are brought to size and scaled. What it
 * does not say is the default of the image processor that it names, as transformers has it.
 *
 * @param pixels what the model gets for a pixel
 * @param resize how an image is brought to size
 * @param imageSize height and width of the input, in pixels; 0 where there is no such file
 */
record HubProcessor(PixelScale pixels, Resize resize, int imageSize) {

  static final String FILE = "preprocessor_config.json";

  private static final int PIL_BILINEAR = 2;
  private static final int PIL_BICUBIC = 3;
  private static final int USUAL_SIZE = 224;

  /** ViTImageProcessor, ViTImageProcessorFast and, in older files, ViTFeatureExtractor. */
  private static final Pattern NAME =
      Pattern.compile("(\\w+?)(?:ImageProcessor|FeatureExtractor)(?:Fast)?");

  /** Image processors by what they do where a file does not say it. */
  private enum ProcessorKind {
    VIT("ViT", 224, PIL_BILINEAR, false, VitSettings.HALF, VitSettings.HALF),
    DEIT("DeiT", 256, PIL_BICUBIC, true, VitSettings.HALF, VitSettings.HALF),
    CLIP("CLIP", 224, PIL_BICUBIC, true, VitSettings.CLIP_MEAN, VitSettings.CLIP_STD);

    private final String model;
    private final int size;
    private final int resample;
    private final boolean crops;
    private final List<Double> mean;
    private final List<Double> std;

    ProcessorKind(
        String model, int size, int resample, boolean crops, List<Double> mean, List<Double> std) {
      this.model = model;
      this.size = size;
      this.resample = resample;
      this.crops = crops;
      this.mean = mean;
      this.std = std;
    }

    /** Returns the kind that a file names; that of the model where it names none. */
    static ProcessorKind of(HubFields file, boolean deit) {
      String key =
          file.has("image_processor_type") ? "image_processor_type" : "feature_extractor_type";
      if (!file.has(key)) {
        return deit ? DEIT : VIT;
      }
      String name = file.text(key, "");
      Matcher parts = NAME.matcher(name);
      for (ProcessorKind kind : values()) {
        if (parts.matches() && parts.group(1).equals(kind.model)) {
          return kind;
        }
      }
      throw new IllegalArgumentException(
          "%s '%s' is none of ViT, DeiT and CLIP: write what it does as a ViTImageProcessor would"
              .formatted(key, name));
    }
  }

  /**
   * Reads the file beside a checkpoint.
   *
   * @param deit whether the model is a DeiT, for what is usual where the file names no processor
   * @param guessed what the file does not say is added, by its names
   * @throws IllegalArgumentException if it says what no graph here does
   */
  static HubProcessor of(HubFields file, boolean deit, Map<String, String> guessed) {
    ProcessorKind kind = ProcessorKind.of(file, deit);
    refuse(file, "rescale_offset", "pixels would begin at -1");
    refuse(file, "do_flip_channel_order", "blue would come first");
    // the released DeiTs need ImageNet's; transformers takes 0.5 for what a file does not say
    boolean imagenet = deit && file.areMissing();
    boolean normalizes = file.flag("do_normalize", true);
    List<Double> mean =
        file.channels("image_mean").orElse(imagenet ? VitSettings.IMAGENET_MEAN : kind.mean);
    List<Double> std =
        file.channels("image_std").orElse(imagenet ? VitSettings.IMAGENET_STD : kind.std);
    double factor = file.number("rescale_factor", PixelScale.BYTE);
    PixelScale pixels =
        new PixelScale(
            file.flag("do_rescale", true) ? factor : 1,
            normalizes ? mean : List.of(0.0, 0.0, 0.0),
            normalizes ? std : List.of(1.0, 1.0, 1.0));
    Resize resize = resize(file, kind);
    if (!file.has("size") || !file.has("resample")) {
      guessed.put("resize", "resize " + resize.label());
    }
    if (normalizes) {
      file.guessUnlessIn(guessed, "image_mean", "mean " + mean);
      file.guessUnlessIn(guessed, "image_std", "std " + std);
    }
    return new HubProcessor(pixels, resize, file.areMissing() ? 0 : imageSize(file, kind));
  }

  /** Returns the file beside a checkpoint. */
  static Path beside(Path checkpoint) {
    return checkpoint.resolveSibling(FILE);
  }

  private static void refuse(HubFields file, String key, String why) {
    if (file.flag(key, false)) {
      throw new IllegalArgumentException(key + " is true: " + why);
    }
  }

  private static Resize resize(HubFields file, ProcessorKind kind) {
    if (!file.flag("do_resize", true)) {
      throw new IllegalArgumentException("do_resize is false: images come in any size");
    }
    int resample = file.whole("resample", kind.resample);
    if (resample != PIL_BILINEAR && resample != PIL_BICUBIC) {
      throw new IllegalArgumentException(
          "resample " + resample + " is neither 2 (bilinear) nor 3 (bicubic)");
    }
    Resize.Filter filter =
        resample == PIL_BICUBIC ? Resize.Filter.PIL_BICUBIC : Resize.Filter.PIL_BILINEAR;
    Optional<Integer> shortest = shortest(file, kind);
    if (shortest.isPresent()) {
      if (!crops(file, kind)) {
        throw new IllegalArgumentException("size of the shortest edge without do_center_crop");
      }
      return new Resize(filter, Resize.Fit.SHORTEST, shortest.get());
    }
    int side = size(file, kind);
    return new Resize(filter, Resize.Fit.SQUARE, side == imageSize(file, kind) ? 0 : side);
  }

  /** Returns the pixels that the shortest edge gets; empty where both edges get the same. */
  private static Optional<Integer> shortest(HubFields file, ProcessorKind kind) {
    if (file.of("size").has("shortest_edge")) {
      return Optional.of(file.within("size").whole("shortest_edge", 0));
    }
    boolean number = !file.has("size") || file.of("size").isInt();
    return kind == ProcessorKind.CLIP && number ? Optional.of(size(file, kind)) : Optional.empty();
  }

  private static int size(HubFields file, ProcessorKind kind) {
    return file.has("size") ? file.side("size") : kind.size;
  }

  private static boolean crops(HubFields file, ProcessorKind kind) {
    return file.flag("do_center_crop", kind.crops);
  }

  private static int imageSize(HubFields file, ProcessorKind kind) {
    if (!crops(file, kind)) {
      return size(file, kind);
    }
    return file.has("crop_size") ? file.side("crop_size") : USUAL_SIZE;
  }
}

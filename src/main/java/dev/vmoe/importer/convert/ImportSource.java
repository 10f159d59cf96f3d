package dev.vmoe.importer.convert;

import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.Resize;
import dev.vmoe.core.tensor.ParameterTree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint of any source, as a V-MoE or its dense twin.
 *
 * @param parameters under the names of a V-MoE
 * @param defaults what the source, the files beside it or a preset say of the model
 * @param guessed settings that none of them says, each with the words for it, by the names that
 *     {@link DescriptionFile} has for them
 */
public record ImportSource(
    ParameterTree parameters, ImportOptions defaults, Map<String, String> guessed) {

  /** Part of the image that the usual crop of a source shows, where no file says it. */
  private static final Map<VitNames, Double> CROPS =
      Map.of(VitNames.TIMM, 0.9, VitNames.TORCHVISION, 0.875);

  /** Heads of the published ViTs by their hidden size, where no file says it. */
  private static final Map<Integer, Integer> HEADS =
      Map.of(192, 3, 384, 6, 512, 8, 768, 12, 1024, 16, 1280, 16);

  /**
   * Recognises the source of a checkpoint.
   *
   * @param file the checkpoint, beside which its configuration lies
   * @param preset the release it is, if it is one
   * @param heads attention heads; 0 where they are not given
   * @throws IOException if a file beside it cannot be read or understood
   * @throws IllegalArgumentException if the parameters do not fit, or are not those of the preset
   */
  public static ImportSource of(
      Path file, ParameterTree checkpoint, @Nullable Preset preset, int heads) throws IOException {
    Optional<VitNames> source = VitNames.of(checkpoint);
    if (heads > 0 && (preset != null || source.isEmpty() || source.get() == VitNames.AUGREG)) {
      throw new IllegalArgumentException(
          "--heads is for dense ViTs whose files do not say it: this checkpoint does");
    }
    if (preset != null) {
      preset.requireIn(checkpoint);
      return new ImportSource(checkpoint, preset.options(), Map.of());
    }
    String name = String.valueOf(file.getFileName());
    Map<String, String> guessed = new LinkedHashMap<>();
    if (source.isEmpty()) {
      ImportOptions options = ImportOptions.named(name);
      guessed.put("activation", "activation softmax");
      guessed.put("resize", "resize " + options.resize().label());
      if (checkpoint.paths().stream().anyMatch(path -> path.contains("/Moe/"))) {
        guessed.put("experts_per_token", "K " + options.expertsPerToken());
        guessed.put("capacity_ratio", "capacity ratio " + options.capacityRatio());
      }
      return new ImportSource(checkpoint, options, guessed);
    }
    return ofVit(file, checkpoint, source.orElseThrow(), heads, guessed);
  }

  private static ImportSource ofVit(
      Path file, ParameterTree checkpoint, VitNames names, int heads, Map<String, String> guessed)
      throws IOException {
    HubConfig config =
        switch (names) {
          case HUGGING_FACE -> HubConfig.ofHuggingFace(file, guessed);
          case TIMM -> HubConfig.ofTimm(file, hasDistillation(checkpoint, names), guessed);
          case TORCHVISION -> HubConfig.ofTorchvision(file, guessed);
          case AUGREG -> HubConfig.ofAugReg(guessed);
        };
    VitSettings settings = config.settings();
    if (heads > 0) {
      settings = settings.withHeads(heads);
    } else if (names != VitNames.AUGREG && settings.heads() == 0) {
      int usual = usualHeads(checkpoint, names);
      guessed.put("heads", usual + " heads");
      settings = settings.withHeads(usual);
    }
    ParameterTree parameters = VitParameters.of(checkpoint, names, settings);
    VmoeArchitecture architecture = VmoeArchitecture.of(parameters);
    config.claims().require(architecture, checkpoint);
    int size = architecture.imageSize();
    if (config.imageSize() != 0 && config.imageSize() != size) {
      throw new IllegalArgumentException(
          String.format(
              "the files beside the checkpoint make images of %d, but the model is for %d",
              config.imageSize(), size));
    }
    if (config.imageSize() == 0 && CROPS.containsKey(names)) {
      int side = (int) Math.floor(size / CROPS.get(names));
      config = config.withResize(new Resize(config.resize().filter(), Resize.Fit.SHORTEST, side));
    }
    ImportOptions options = config.options(String.valueOf(file.getFileName()));
    if (config.imageSize() == 0) {
      guessed.put("resize", "resize " + options.resize().label());
    }
    return new ImportSource(parameters, options, guessed);
  }

  private static boolean hasDistillation(ParameterTree checkpoint, VitNames names) {
    return checkpoint.paths().stream()
        .anyMatch(path -> names.modules().getOrDefault(names.within(path), "").equals("dist"));
  }

  private static int usualHeads(ParameterTree checkpoint, VitNames names) {
    int width =
        checkpoint.paths().stream()
            .filter(path -> names.modules().getOrDefault(names.within(path), "").equals("cls"))
            .mapToInt(path -> checkpoint.get(path).extent(-1))
            .findFirst()
            .orElse(0);
    Integer usual = HEADS.get(width);
    if (usual == null) {
      throw new IllegalArgumentException(
          "nothing says how many attention heads a model of width " + width + " has: give --heads");
    }
    return usual;
  }
}

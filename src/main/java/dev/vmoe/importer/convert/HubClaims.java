package dev.vmoe.importer.convert;

import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.tensor.ParameterTree;
import java.util.regex.Pattern;

/**
 * What a configuration says of the model that the shapes of its parameters say as well. If they
 * differ, it belongs to another model, or its source would compute something else.
 *
 * @param imageSize height and width of the input, in pixels; 0 where it is not said
 * @param patchSize height and width of a patch, in pixels; 0 where it is not said
 * @param hiddenSize D; 0 where it is not said
 * @param blocks encoder blocks; 0 where it is not said
 * @param attentionBias whether queries, keys and values have a bias
 */
record HubClaims(int imageSize, int patchSize, int hiddenSize, int blocks, boolean attentionBias) {

  static final HubClaims NONE = new HubClaims(0, 0, 0, 0, true);

  private static final Pattern ATTENTION_BIAS =
      Pattern.compile(".*(attention\\.(query|key|value)|attn\\.qkv)\\.bias");

  /** Returns what a {@code config.json} of transformers says. */
  static HubClaims ofHuggingFace(HubFields config) {
    return new HubClaims(
        config.side("image_size"),
        config.side("patch_size"),
        config.whole("hidden_size", 0),
        config.whole("num_hidden_layers", 0),
        config.flag("qkv_bias", true));
  }

  /** Returns what the {@code model_args} of timm say. */
  static HubClaims ofTimm(HubFields arguments) {
    return new HubClaims(
        arguments.side("img_size"),
        arguments.side("patch_size"),
        arguments.whole("embed_dim", 0),
        arguments.whole("depth", 0),
        arguments.flag("qkv_bias", true));
  }

  /**
   * Compares them with a model.
   *
   * @param checkpoint under the names of its source
   * @throws IllegalArgumentException if they differ
   */
  void require(VmoeArchitecture model, ParameterTree checkpoint) {
    require("image size", imageSize, model.imageSize());
    require("patch size", patchSize, model.patchSize());
    require("hidden size", hiddenSize, model.hiddenSize());
    require("number of blocks", blocks, model.numBlocks());
    if (!attentionBias
        && checkpoint.paths().stream().anyMatch(path -> ATTENTION_BIAS.matcher(path).matches())) {
      throw new IllegalArgumentException(
          "config.json says that attention has no bias (qkv_bias), but the checkpoint has one");
    }
  }

  private static void require(String what, int said, int there) {
    if (said != 0 && said != there) {
      throw new IllegalArgumentException(
          "config.json says %s %d, but that of the checkpoint is %d".formatted(what, said, there));
    }
  }
}

package dev.vmoe.importer.convert;

import dev.vmoe.core.tensor.ParameterTree;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the parameters of a dense ViT are called where it comes from: one table for each source,
 * with the module's name there and its name here. Modules after the blank line stand in each block.
 */
enum VitNames {
  /** ViT and DeiT of Hugging Face's transformers. */
  HUGGING_FACE(
      "embeddings.patch_embeddings.projection.weight",
      "encoder\\.layer\\.(\\d{1,4})\\.",
      """
      embeddings.cls_token                    cls
      embeddings.distillation_token           dist
      embeddings.position_embeddings          Encoder/posembed_input/pos_embedding
      embeddings.patch_embeddings.projection  embedding
      layernorm                               Encoder/encoder_norm
      classifier                              head
      cls_classifier                          head
      distillation_classifier                 head_dist

      layernorm_before                        LayerNorm_0
      attention.attention.query               SelfAttention/query
      attention.attention.key                 SelfAttention/key
      attention.attention.value               SelfAttention/value
      attention.output.dense                  SelfAttention/out
      layernorm_after                         LayerNorm_1
      intermediate.dense                      Mlp/Dense_0
      output.dense                            Mlp/Dense_1
      """),
  /** ViT and DeiT of timm. */
  TIMM(
      "patch_embed.proj.weight",
      "blocks\\.(\\d{1,4})\\.",
      """
      cls_token         cls
      dist_token        dist
      pos_embed         Encoder/posembed_input/pos_embedding
      patch_embed.proj  embedding
      norm              Encoder/encoder_norm
      pre_logits.fc     pre_logits
      head              head
      head_dist         head_dist

      norm1             LayerNorm_0
      attn.qkv          SelfAttention/qkv
      attn.proj         SelfAttention/out
      norm2             LayerNorm_1
      mlp.fc1           Mlp/Dense_0
      mlp.fc2           Mlp/Dense_1
      """),
  /** ViT of torchvision. */
  TORCHVISION(
      "conv_proj.weight",
      "encoder\\.layers\\.encoder_layer_(\\d{1,4})\\.",
      """
      class_token              cls
      encoder.pos_embedding    Encoder/posembed_input/pos_embedding
      conv_proj                embedding
      encoder.ln               Encoder/encoder_norm
      heads.pre_logits         pre_logits
      heads.head               head

      ln_1                     LayerNorm_0
      self_attention.in_proj   SelfAttention/qkv
      self_attention.out_proj  SelfAttention/out
      ln_2                     LayerNorm_1
      mlp.0                    Mlp/Dense_0
      mlp.linear_1             Mlp/Dense_0
      mlp.3                    Mlp/Dense_1
      mlp.linear_2             Mlp/Dense_1
      """),
  /** ViT of google-research/vision_transformer, AugReg among them: V-MoE's layout already. */
  AUGREG(
      "Transformer/encoder_norm/scale",
      "encoderblock_(\\d{1,4})/",
      """
      Transformer/                     Encoder/

      LayerNorm_2/                     LayerNorm_1/
      MultiHeadDotProductAttention_1/  SelfAttention/
      MlpBlock_3/                      Mlp/
      """);

  private static final Pattern AROUND =
      Pattern.compile(
          "^(?:(?:module|_orig_mod|model|backbone|timm_model)\\.)*(?:(?:vit|deit)\\.)?");

  private final String marker;
  private final Pattern block;
  private final Map<String, String> modules = new HashMap<>();

  VitNames(String marker, String block, String table) {
    this.marker = marker;
    this.block = Pattern.compile(block);
    table
        .lines()
        .filter(line -> !line.isBlank())
        .map(line -> line.split("\\s+"))
        .forEach(names -> modules.put(names[0], names[1]));
  }

  /** Returns the source that names its parameters as this checkpoint does; empty for a V-MoE. */
  static Optional<VitNames> of(ParameterTree checkpoint) {
    for (VitNames names : values()) {
      if (checkpoint.paths().stream().anyMatch(path -> names.within(path).equals(names.marker))) {
        return Optional.of(names);
      }
    }
    return Optional.empty();
  }

  /**
   * Returns a parameter's name without those of what is around the model: Hugging Face prepends the
   * model's, PyTorch's and others' wrappers their own.
   */
  String within(String path) {
    return this == AUGREG ? path : AROUND.matcher(path).replaceFirst("");
  }

  /** Returns how the names of a block's parameters begin; its group is the number. */
  Pattern block() {
    return block;
  }

  /** Returns what modules are called here, by what they are called there. */
  Map<String, String> modules() {
    return modules;
  }
}

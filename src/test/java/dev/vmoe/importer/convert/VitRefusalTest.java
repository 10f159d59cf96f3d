package dev.vmoe.importer.convert;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Dense ViTs with a tensor too few, too many or of another shape are refused, by its name. */
class VitRefusalTest {

  private static final Path VITS =
      Path.of(System.getProperty("vmoe.home", "."), "src/test/resources/parity/vits");

  private final Map<String, Tensor> tensors = new HashMap<>();
  private Path file = VITS;

  private void read(String name) throws IOException {
    file = VITS.resolve(name).resolve(name.equals("augreg") ? "model.npz" : "model.safetensors");
    ParameterTree tree = CheckpointReader.read(file);
    tree.paths().forEach(path -> tensors.put(path, tree.get(path)));
  }

  private void remove(Predicate<String> which) {
    tensors.keySet().removeIf(which);
  }

  private void assertRefused(String... parts) {
    int heads = file.toString().contains("torchvision") ? 3 : 0;
    assertThatThrownBy(() -> ImportSource.of(file, new ParameterTree(tensors), null, heads))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(parts);
  }

  @ParameterizedTest
  @CsvSource({
    "hugging-face-vit, vit.encoder.layer.1.layernorm_before.bias, ",
    "hugging-face-vit, vit.layernorm.weight, ",
    "hugging-face-vit, vit.encoder.layer.0.attention.attention.key.weight, ",
    "hugging-face-deit, cls_classifier.bias, classifier.bias or cls_classifier.bias",
    "hugging-face-deit, distillation_classifier.bias, ",
    "timm-vit, blocks.1.attn.qkv.weight, ",
    "timm-vit, pos_embed, ",
    "timm-deit, dist_token, ",
    "torchvision, encoder.layers.encoder_layer_1.self_attention.in_proj_bias, ",
    "augreg, Transformer/encoderblock_1/MlpBlock_3/Dense_0/bias, ",
  })
  void shouldNameAMissingTensorAsItsFileDoes(String name, String missing, String named)
      throws IOException {
    read(name);
    remove(missing::equals);
    assertRefused("checkpoint has no parameter " + (named == null ? missing : named));
  }

  @Test
  void shouldNameAMissingBlockAsItsFileDoes() throws IOException {
    read("timm-vit");
    remove(path -> path.startsWith("blocks.0."));
    assertRefused("checkpoint has no parameter blocks.0.norm1.weight");
  }

  @ParameterizedTest
  @CsvSource({
    "hugging-face-vit, classifier.bias, cls_classifier.bias",
    "hugging-face-vit, vit.layernorm.weight, layernorm.weight",
    "timm-vit, blocks.1.attn.qkv.weight, blocks.01.attn.qkv.weight",
    "augreg, Transformer/encoder_norm/scale, Encoder/encoder_norm/scale",
  })
  void shouldRefuseTwoTensorsOfOneMeaning(String name, String first, String second)
      throws IOException {
    read(name);
    tensors.put(second, tensors.get(first));
    assertRefused(first, second, "stands for the same as");
  }

  @ParameterizedTest
  @CsvSource({"17, '(17), not (18)'", "19, '(19), not (18)'"})
  void shouldRefuseAPatchBiasOfAnotherLength(int length, String shapes) throws IOException {
    read("timm-vit");
    tensors.put("patch_embed.proj.bias", Tensor.of(new float[length], length));
    assertRefused("parameter patch_embed.proj.bias has shape " + shapes);
  }

  @Test
  void shouldSayThatAModelIsOfAnotherKind() {
    tensors.put("conv1.weight", Tensor.of(new float[1], 1));
    tensors.put("fc.weight", Tensor.of(new float[1], 1));
    tensors.put("layer1.0.conv1.weight", Tensor.of(new float[1], 1));
    assertThatThrownBy(() -> VmoeArchitecture.of(new ParameterTree(tensors)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "neither a V-MoE nor a ViT of a known source",
            "parameters like conv1.weight and fc.weight");
  }

  @Test
  void shouldNameRegisterTokens() throws IOException {
    read("timm-vit");
    tensors.put("reg_token", Tensor.of(new float[2 * 18], 1, 2, 18));
    tensors.put("pos_embed", Tensor.of(new float[9 * 18], 1, 9, 18));
    assertRefused("no part of a V-MoE uses (reg_token)", "register tokens");
  }

  @Test
  void shouldNameAClassTokenWithoutPosition() throws IOException {
    read("timm-vit");
    tensors.put("pos_embed", Tensor.of(new float[9 * 18], 1, 9, 18));
    assertRefused("has 9 tokens: 8 patches are no square. A class token without a position");
  }

  @Test
  void shouldNameAClassifierAtAnotherPlace() throws IOException {
    read("torchvision");
    remove(path -> path.startsWith("heads."));
    tensors.put("heads.weight", Tensor.of(new float[6 * 24], 6, 24));
    tensors.put("heads.bias", Tensor.of(new float[6], 6));
    assertRefused("no part of a V-MoE uses (heads.bias, heads.weight)");
  }

  @Test
  void shouldAskForAClassifier() throws IOException {
    read("timm-vit");
    remove(path -> path.startsWith("head."));
    assertRefused("checkpoint has no classifier");
  }

  @Test
  void shouldRefuseTwoHeadsOfDifferentSize() throws IOException {
    read("timm-deit");
    tensors.put("head_dist.weight", Tensor.of(new float[4 * 24], 4, 24));
    assertRefused("head.weight", "head_dist.weight", "(24, 3) and (24, 4)");
    tensors.put("head_dist.weight", tensors.get("head.weight"));
    tensors.put("head_dist.bias", Tensor.of(new float[4], 4));
    assertRefused("head.bias", "head_dist.bias", "(3) and (4)");
  }

  @Test
  void shouldRefuseSeveralDistillationTokens() throws IOException {
    read("timm-deit");
    tensors.put("dist_token", Tensor.of(new float[2 * 24], 1, 2, 24));
    assertRefused("cls_token", "dist_token", "(1, 1, 24) and (1, 2, 24)");
  }
}

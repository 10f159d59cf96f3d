package dev.vmoe.importer.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.lab.bench.RandomCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The released V-MoEs by name. */
class PresetTest {

  private static final Path FILE = Path.of("checkpoint");

  @ParameterizedTest
  @CsvSource({
    "vmoe_s32_last2_ilsvrc2012_randaug_light1, 32, 224, 8, 512, 1000, false, area, 1.05",
    "vmoe_s32_last2_ilsvrc2012_randaug_light1_ft_ilsvrc2012, 32, 384, 8, 0, 1000, true, bilinear,"
        + " 1.5",
    "vmoe_s32_last2_ilsvrc2012_randaug_medium, 32, 224, 8, 512, 1000, false, area, 1.05",
    "vmoe_b16_imagenet21k_randaug_strong, 16, 224, 12, 0, 21843, false, area, 1.05",
    "vmoe_b16_imagenet21k_randaug_strong_ft_ilsvrc2012, 16, 384, 12, 0, 1000, true, bilinear, 1.5"
  })
  void shouldKnowTheReleasedModels(
      String name,
      int patch,
      int size,
      int heads,
      int preLogits,
      int classes,
      boolean softmax,
      String resize,
      double ratio)
      throws IOException {
    Preset preset = Preset.ofLabel(name);
    VmoeArchitecture a = preset.architecture();
    assertThat(List.of(a.patchSize(), a.imageSize(), a.numHeads(), a.preLogitsSize()))
        .containsExactly(patch, size, heads, preLogits);
    assertThat(a.numClasses()).isEqualTo(classes);
    ImportOptions options = preset.options();
    assertThat(options.softmax()).isEqualTo(softmax);
    assertThat(options.resize().label()).isEqualTo(resize);
    assertThat(options.capacityRatio()).isEqualTo(ratio);
    assertThat(options.expertsPerToken()).isEqualTo(2);
    assertThat(options.classes()).hasSize(classes);
  }

  @Test
  void shouldDescribeACheckpointOfTheRelease() throws IOException {
    Preset preset = Preset.VMOE_S32_LAST2_ILSVRC2012_RANDAUG_LIGHT1;
    ImportSource source =
        ImportSource.of(FILE, RandomCheckpoint.of(preset.architecture(), 1), preset, 0);
    assertThat(source.defaults().name()).isEqualTo(preset.label());
    assertThat(source.defaults().classes()).startsWith("tench").endsWith("toilet tissue");
    assertThat(source.guessed()).isEmpty();
  }

  @Test
  void shouldRefuseAnotherModel() {
    ParameterTree other = RandomCheckpoint.of(Architectures.TOKEN, 1);
    assertThatThrownBy(
            () -> ImportSource.of(FILE, other, Preset.VMOE_B16_IMAGENET21K_RANDAUG_STRONG, 0))
        .hasMessageStartingWith(
            "preset vmoe_b16_imagenet21k_randaug_strong is 12 blocks, hidden 768")
        .hasMessageContaining("; the checkpoint is ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"eee_s32_last2_ilsvrc2012", "eee_s32_last2_ilsvrc2012_ft_cifar100"})
  void shouldRefuseAnEnsembleByName(String name) {
    assertThatThrownBy(() -> Preset.ofLabel(name))
        .hasMessageContaining("is an ensemble (E³) of two members with a router each");
  }

  @Test
  void shouldNameThePresetsThatThereAre() {
    assertThatThrownBy(() -> Preset.ofLabel("s32"))
        .hasMessageStartingWith(
            "preset 's32' is none of vmoe_s32_last2_ilsvrc2012_randaug_light1, ");
  }

  /** A member's router has its own part of the experts: (D, members, E / members). */
  @Test
  void shouldRefuseAnEnsembleByItsRouter() {
    VmoeArchitecture a = Architectures.TOKEN;
    String path = "Encoder/encoderblock_" + a.moeBlocks().get(0) + "/Moe/Router/dense/kernel";
    ParameterTree tree = RandomCheckpoint.of(a, 1);
    Tensor router = tree.get(path);
    int half = router.size() / router.extent(0);
    ParameterTree ensemble = tree.with(path, router.reshape(router.extent(0), half, 1));
    assertThatThrownBy(() -> VmoeArchitecture.of(ensemble))
        .hasMessageContaining("an ensemble (E³) of " + half + " members with a router each");
  }
}

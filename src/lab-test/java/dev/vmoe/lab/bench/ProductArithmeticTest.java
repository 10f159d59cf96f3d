package dev.vmoe.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.VmoeArchitecture;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProductArithmeticTest {

  /** 2 patches a side of 3·2² inputs, D 4, H 8, 2 experts in the second block, 3 classes. */
  private static final VmoeArchitecture SMALL =
      Architectures.of(4, 2, 4, 8, 2, 2, List.of(1), 2, 3, VmoeArchitecture.Classifier.TOKEN, 0);

  @Test
  void shouldCountEachProductOnce() {
    double embedding = 2 * 4 * 12 * 4;
    double attention = 2 * (4 * 5 * 4 * 4) + 2 * (2 * 5 * 5 * 4);
    double mlp = 2 * 2 * 5 * 4 * 8;
    double router = 2 * 5 * 4 * 2;
    double head = 2 * 4 * 3;
    ProductArithmetic counted = ProductArithmetic.of(SMALL);
    assertThat(counted.imageFlops()).isEqualTo(embedding + 2 * attention + mlp + router + head);
    assertThat(counted.expertRowFlops()).isEqualTo(2 * 2 * 4 * 8);
    assertThat(ProductArithmetic.of(RandomCheckpoint.denseTwin(SMALL)).flops(0))
        .isEqualTo(embedding + 2 * attention + 2 * mlp + head);
  }

  /** At as many rows as tokens, experts cost what the twin's MLP does. */
  @Test
  void shouldCostNearlyWhatTheTwinDoesAtOneRowAToken() {
    VmoeArchitecture small = Variant.S32_LAST_2.architecture();
    double twin = ProductArithmetic.of(RandomCheckpoint.denseTwin(small)).flops(0);
    double rows = small.moeBlocks().size() * small.tokensPerImage();
    assertThat(ProductArithmetic.of(small).flops(rows) / twin).isEqualTo(1, within(1e-3));
    assertThat(twin).isEqualTo(2.71e9, within(0.05e9));
  }
}

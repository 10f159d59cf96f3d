package dev.vmoe.lab.sizing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.moe.ModelCard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Costs as a file. */
class MeasuredCostsTest {

  @TempDir Path folder;

  private Path written(String text) throws IOException {
    return Files.writeString(folder.resolve("costs.json"), text);
  }

  @Test
  void shouldReadWhatItWrote() throws Exception {
    assertThat(MeasuredCosts.read(written(Costs.made().toJson()))).isEqualTo(Costs.made());
  }

  @Test
  void shouldSayWhatIsMissingOrWrong() throws Exception {
    String text = Costs.made().toJson();
    assertThatThrownBy(() -> MeasuredCosts.read(written("threads = 2")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("costs.json holds no costs of vmoe lab plan --save-costs");
    assertThatThrownBy(() -> MeasuredCosts.read(written(text.replace("\"threads\": 2,", ""))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("threads");
    assertThatThrownBy(
            () -> MeasuredCosts.read(written(text.replace("\"threads\": 2", "\"threads\": 0"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("threads 0.0 is not above 0");
    assertThatThrownBy(
            () -> MeasuredCosts.read(written(text.replace("\"noise\":0.1", "\"noise\":-1"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("noise -1.0");
  }

  @Test
  void shouldBelongToItsModelAlone() {
    Path file = Path.of("costs.json");
    ModelCard other =
        new ModelCard(
            "other", "4567", List.of("a"), 28, 50, List.of(1), 8, 2, 1.05, true, "bilinear", "");
    assertThatThrownBy(() -> Costs.made().requireModel(other, file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("costs.json holds the costs of another model: made-up")
        .hasMessageContaining("--save-costs");
  }
}

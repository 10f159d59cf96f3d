package dev.vmoe.streams.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileFileTest {

  private static final ModelCard CARD = new FakeClassifier().card();

  private final ProfileFile profile =
      new ProfileFile(
          CARD.name(),
          CARD.weightsHash(),
          "train-images-idx3-ubyte.gz from image 55000 on",
          5000,
          7,
          "vmoe lab sweep --images \"a b\" --skip 55000",
          List.of(
              new ProfileFile.MeasuredAccuracy("bpr", 2, 0.25, 1, 0.75),
              new ProfileFile.MeasuredAccuracy("bpr", 2, 0.25, 64, 0.9),
              new ProfileFile.MeasuredAccuracy("vanilla", 1, 1.05, 64, 0.8001)));

  @TempDir Path folder;

  private Path model;
  private Path file;

  @BeforeEach
  void place() {
    model = folder.resolve("m.onnx");
    file = folder.resolve("m.profile.json");
  }

  @Test
  void shouldReadWhatItWrote() throws IOException {
    profile.write(file);

    assertThat(ProfileFile.read(file)).isEqualTo(profile);
    assertThat(file).content().doesNotContain("date", "time");
  }

  @Test
  void shouldTakeAFileOfWhenChoicesCouldBeLeftOutIfNoneWere() throws IOException {
    profile.write(file);
    String text = Files.readString(file);
    Files.writeString(file, text.replace("  \"seed\"", "  \"gate_min\": 0.0,\n  \"seed\""));
    assertThat(ProfileFile.read(file)).isEqualTo(profile);

    Files.writeString(file, text.replace("  \"seed\"", "  \"gate_min\": 0.25,\n  \"seed\""));
    assertThatThrownBy(() -> ProfileFile.read(file))
        .isInstanceOf(IOException.class)
        .hasMessage(
            file
                + " was measured with gate.min = 0.25, which is no more: measure it again with vmoe"
                + " lab sweep");
  }

  @Test
  void shouldBeFoundBesideTheModel() throws IOException {
    assertThat(ProfileFile.find(model, CARD)).isEmpty();
    profile.write(ProfileFile.beside(model));

    QualityProfile found = ProfileFile.find(model, CARD).orElseThrow();

    assertThat(found.points())
        .containsExactly(new OperatingPoint(0.25, 2), new OperatingPoint(1.05, 1));
    assertThat(found.accuracy(new OperatingPoint(0.25, 2), Routing.BATCH_PRIORITY, 64))
        .isEqualTo(0.9);
    assertThat(found.accuracy(new OperatingPoint(1.05, 1), Routing.VANILLA, 64)).isEqualTo(0.8001);
  }

  @Test
  void shouldRefuseTheProfileOfOtherWeights() throws IOException {
    new ProfileFile("fake", "1234", "set", 10, 7, "vmoe lab sweep", profile.measurements())
        .write(file);

    assertThatThrownBy(() -> ProfileFile.find(model, CARD))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("belongs to another model")
        .hasMessageContaining("1234")
        .hasMessageContaining("0000")
        .hasMessageContaining("vmoe lab sweep");
  }

  @Test
  void shouldRefuseMoreExpertsPerTokenThanTheModelHas() throws IOException {
    new ProfileFile(
            "fake",
            CARD.weightsHash(),
            "set",
            10,
            7,
            "vmoe lab sweep",
            List.of(new ProfileFile.MeasuredAccuracy("bpr", 3, 1, 1, 0.5)))
        .write(file);

    assertThatThrownBy(() -> ProfileFile.find(model, CARD))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("experts per token 3 outside 1 to 2");
  }

  @Test
  void shouldRefuseWhatIsNoProfile() throws IOException {
    profile.write(file);
    String whole = Files.readString(file);

    assertRefused(whole.substring(0, whole.length() / 2));
    assertRefused(whole.replace("\"weights_hash\"", "\"hash\""));
    assertRefused(whole.replace("\"batch_images\":1,", ""));
    assertRefused(whole.replace("0.75", "75"));
    assertRefused(whole.replace("\"bpr\"", "\"random\""));
    assertRefused("{}");
    assertRefused("[1]");
    assertRefused("");
  }

  private void assertRefused(String text) throws IOException {
    Files.writeString(file, text);
    assertThatThrownBy(() -> ProfileFile.read(file))
        .as(text)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file + " is not a quality profile of vmoe lab sweep");
  }
}

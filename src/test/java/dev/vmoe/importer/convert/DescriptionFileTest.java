package dev.vmoe.importer.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.model.BundledPixels;
import dev.vmoe.core.moe.Resize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DescriptionFileTest {

  @TempDir private Path folder;

  @Test
  void shouldReadEveryKey() throws IOException {
    ImportOptions options =
        read(
            """
            {"name": "n", "classes": ["a", "b"], "groups": ["x", "x"],
             "experts_per_token": 1, "capacity_ratio": 2,
             "activation": "sigmoid", "resize": "area", "positions": "sincos2d", "image_size": 384}
            """);
    assertThat(options)
        .isEqualTo(
            new ImportOptions(
                "n",
                List.of("a", "b"),
                List.of("x", "x"),
                1,
                2,
                false,
                Resize.AREA,
                Positions.SINCOS2D,
                384));
  }

  @Test
  void shouldHaveDefaultsForWhatIsNotSaid() throws IOException {
    assertThat(DescriptionFile.beside(folder.resolve("checkpoint")))
        .isEqualTo(ImportOptions.named("checkpoint"));
    assertThat(read("{}")).isEqualTo(ImportOptions.named("checkpoint"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"vmoe-bpr", "dense"})
  void shouldReadTheBundledModelsFiles(String model) throws IOException {
    ImportOptions options = DescriptionFile.beside(BundledPixels.checkpoint(model));
    assertThat(options.name()).isEqualTo("characters-" + model);
    assertThat(options.classes()).hasSize(3260).startsWith("亜", "唖").doesNotHaveDuplicates();
    assertThat(options.groups()).hasSize(3260).contains("radical 口", "hiragana", "cyrillic");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'class': ['a']}           | unknown key 'class', only name, classes, experts_per_token",
        "{'name': 1}                | name is 1, not a text",
        "{'classes': 'a'}           | classes is 'a', not a list of texts",
        "{'classes': ['a', 1]}      | classes is ['a',1], not a list of texts",
        "{'experts_per_token': '2'} | experts_per_token is '2', not a whole number",
        "{'experts_per_token': 1.5} | experts_per_token is 1.5, not a whole number",
        "{'experts_per_token': 0}   | experts per token 0 is below 1",
        "{'capacity_ratio': '1'}    | capacity_ratio is '1', not a number",
        "{'capacity_ratio': null}   | capacity_ratio is null, not a number",
        "{'activation': 'tanh'}     | activation 'tanh' is neither softmax nor sigmoid",
        "{'resize': 'cubic'}        | resize 'cubic' is neither bilinear nor area",
        "{'positions': 'rope'}      | positions 'rope' are neither learned nor sincos2d",
        "{'image_size': '224'}      | image_size is '224', not a whole number",
        "{'image_size': -1}         | image size -1 is not from 1 to 4096",
        "[]                         | is not a JSON object",
        "``                         | is not a JSON object"
      })
  void shouldNameTheFileAndTheKeyThatIsWrong(String json, String problem) {
    assertThatThrownBy(() -> read(json.replace('\'', '"')))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(folder.resolve("model.json") + ": ")
        .satisfies(
            e -> assertThat(String.valueOf(e.getMessage()).replace('"', '\'')).contains(problem));
  }

  @Test
  void shouldNotPrintThousandsOfClassesInAnError() {
    assertThatThrownBy(() -> read("{\"classes\": [" + "\"a\", ".repeat(7_845) + "1]}"))
        .hasMessageContaining("classes is [\"a\",\"a\",")
        .hasMessageEndingWith("…, not a list of texts")
        .satisfies(e -> assertThat(String.valueOf(e.getMessage())).hasSizeLessThan(400));
  }

  private ImportOptions read(String json) throws IOException {
    Files.writeString(folder.resolve("model.json"), json);
    return DescriptionFile.beside(folder.resolve("checkpoint"));
  }
}

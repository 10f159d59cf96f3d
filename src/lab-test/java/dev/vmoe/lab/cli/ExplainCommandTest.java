package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.lab.ManyClasses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code vmoe lab explain} with the bundled models. */
class ExplainCommandTest extends CommandTest {

  @Test
  void shouldShowTheBundledTestImagesWhereNoFileIsNamed() throws IOException {
    Path page = folder.resolve("new/sheet.html");
    Path csv = folder.resolve("sheet.csv");

    assertThat(run("explain", "--sample", "2", "--out", page.toString(), "--csv", csv.toString()))
        .as(err.toString())
        .isZero();

    String html = Files.readString(page);
    assertThat(html)
        .contains("one micro-batch of 32 images", "1,152 tokens", "K = 2")
        .contains("30 more are not shown: drawn from the bundled test images with seed 1")
        .contains("image 9 of the 32 in the batch", "image 25 of the 32 in the batch");
    assertThat(count("<img ", html)).isEqualTo(2 * (1 + 4 * 2 * 2));
    List<String> rows = Files.readAllLines(csv);
    assertThat(rows).hasSize(1 + 2 * 4 * 2);
    assertThat(rows.get(0))
        .isEqualTo(
            "image,label,ratio,effective,routing,prediction,score,processed,"
                + "skipped_2,skipped_3");
    assertThat(rows.get(1)).contains(",1.05,1.056,bpr,");
    assertThat(out.toString()).contains("one batch of 32 images, 2 shown", page + ": ");

    run("explain", "--sample", "2", "--out", page.toString());
    assertThat(page).hasContent(html); // the same draw, and the same kept choices
  }

  @Test
  void shouldShowTheGoodFilesAndNameTheBadOne() throws IOException {
    LabelledImage image = BundledImages.all().get(0);
    Path good = Files.write(folder.resolve("<good>.jpg"), image.encoded());
    Path bad = Files.write(folder.resolve("bad.png"), new byte[] {1, 2, 3});
    Path page = folder.resolve("sheet.html");

    assertThat(
            run(
                "explain",
                folder.toString(),
                folder + "/none.jpg",
                "--capacity-ratio",
                "0.3,9",
                "--experts-per-token",
                "1",
                "--batch",
                "5",
                "--out",
                page.toString()))
        .isEqualTo(VmoeCommand.FAILED);

    assertThat(err.toString())
        .contains("vmoe: " + bad + ": not an image", "vmoe: " + folder + "/none.jpg: no such file");
    String html = Files.readString(page);
    assertThat(html)
        .contains("one micro-batch of 5 images", "K = 1", "4 more are not shown")
        .contains("not shown, " + bad + ": not an image")
        .contains("<h2>" + good.toString().replace("<good>", "&lt;good&gt;") + "</h2>")
        // C = ceil(180 · 0.3 / 8) = 7, up to 8; and at most E/K = 8: 180 slots
        .contains("<h3>ratio 0.3, 0.356 in effect</h3>", "<h3>ratio 9.0, 8.000 in effect</h3>");
    assertThat(count("<img ", html)).isEqualTo(1 + 2 * 2 * 2);
  }

  @Test
  void shouldAddNoImagesToABatchOfOne() throws IOException {
    LabelledImage image = BundledImages.all().get(0);
    Path file = Files.write(folder.resolve("1.jpg"), image.encoded());
    Path page = folder.resolve("sheet.html");

    assertThat(run("explain", file.toString(), "--batch", "1", "--out", page.toString())).isZero();

    assertThat(Files.readString(page))
        .contains("one micro-batch of 1 image</b>", "There are no others in it.")
        .contains("image 1 of the 1 in the batch");
  }

  @Test
  void shouldNameCharactersWithTheirCodePoints() throws IOException {
    Path model = ManyClasses.model(folder.resolve("m.onnx"), "many", 7_845, false);
    Path set = ManyClasses.images(folder.resolve("set"), 6, 7_845);
    Path page = folder.resolve("sheet.html");

    assertThat(
            run(
                "explain",
                "--model",
                model.toString(),
                "--batch-with",
                set.toString(),
                "--sample",
                "2",
                "--batch",
                "4",
                "--out",
                page.toString()))
        .as("%s", err)
        .isZero();

    assertThat(Files.readString(page))
        .containsPattern("labelled <bdi title=\"U\\+[0-9A-F]{4}\">.</bdi>")
        .containsPattern("<b>BPR</b>: <bdi title=\"U\\+[0-9A-F]{4}\">.</bdi> 0\\.")
        .contains("Noto Sans CJK JP");
  }

  @Test
  void shouldNotWriteASheetOfNothing() throws IOException {
    Path bad = Files.write(folder.resolve("bad.png"), new byte[] {1, 2, 3});
    Path page = folder.resolve("sheet.html");

    assertThat(run("explain", bad.toString(), "--out", page.toString()))
        .isEqualTo(VmoeCommand.FAILED);
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThat(run("explain", empty.toString(), "--out", page.toString()))
        .isEqualTo(VmoeCommand.FAILED);

    assertThat(err.toString()).contains(bad + ": not an image", "no image files in [" + empty);
    assertThat(page).doesNotExist();
  }

  @Test
  void shouldRefuseWhatCannotBeExplained() throws IOException {
    String page = folder.resolve("sheet.html").toString();
    String own = BundledModels.vmoe().toString();

    assertUsage("has no experts: it skips no patch", "--model", "dense", "--out", page);
    assertUsage("experts per token 3 outside 1 to 2", "--experts-per-token", "3", "--out", page);
    assertUsage("capacity ratio 0.0 is not above 0", "--capacity-ratio", "1,0", "--out", page);
    assertUsage("--batch 0 is below 1", "--batch", "0", "--out", page);
    assertUsage("65 images are more than the 64 of one sheet", "--sample", "65", "--out", page);
    assertUsage("name image files, or a labelled set", "--model", own, "--out", page);
    assertUsage("name a file that ends in .html", "--out", folder + "/sheet.png");
    assertThat(folder).isEmptyDirectory();
  }

  private void assertUsage(String message, String... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = "explain";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    assertThat(run(command)).as(message).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains(message);
  }

  private static long count(String what, String text) {
    return Pattern.compile(Pattern.quote(what)).matcher(text).results().count();
  }
}

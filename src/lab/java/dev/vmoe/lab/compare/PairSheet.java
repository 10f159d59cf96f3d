package dev.vmoe.lab.compare;

import static dev.vmoe.lab.picture.Markup.escape;

import dev.vmoe.core.image.MediaType;
import dev.vmoe.lab.compare.ComparisonResult.DifferingImage;
import dev.vmoe.lab.compare.ComparisonResult.Guess;
import dev.vmoe.lab.compare.SourceImages.FoundImage;
import dev.vmoe.lab.picture.Markup;
import dev.vmoe.streams.output.Table;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The images that differ most with both answers, as one page of HTML. It loads nothing, and its
 * policy says so to the browser: the images are within it, as they were sent.
 */
public final class PairSheet {

  /** Larger images are named, not shown: browsers do not take long addresses. */
  private static final int MAX_IMAGE_BYTES = 8 * 1024 * 1024;

  private static final int SHOWN_CLASSES = 3;

  private PairSheet() {}

  /**
   * Writes the page.
   *
   * @param a name of one pipeline's topic
   * @param b name of the other's
   * @param source reads an image's bytes
   */
  public static void write(
      Appendable page,
      String a,
      String b,
      List<DifferingImage> images,
      Function<ImagePosition, FoundImage> source)
      throws IOException {
    page.append(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <title>Images that differ most</title>
        <style>
        body { font-family: %3$s; margin: 2em; color-scheme: light dark; }
        td, th { padding: .4em 1em; text-align: left; vertical-align: top; border-bottom: 1px solid #8888; }
        img { max-width: 224px; max-height: 224px; min-width: 64px; }
        </style>
        </head>
        <body>
        <h1>Images that differ most</h1>
        <table>
        <tr><th>image</th><th>where, id, true class</th><th>a: %1$s</th><th>b: %2$s</th><th>difference</th></tr>
        """
            .formatted(escape(a), escape(b), Markup.FONTS));
    for (DifferingImage image : images) {
      page.append(
          "<tr><td>%s</td><td>%s<br>%s<br>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n"
              .formatted(
                  picture(source.apply(image.position())),
                  escape(image.position().toString()),
                  image.id() == null ? "" : escape(image.id()),
                  image.label() == null ? "" : "<b>" + Markup.name(image.label()) + "</b>",
                  answer(image.a()),
                  answer(image.b()),
                  Table.decimals(image.difference(), 3)));
    }
    page.append("</table>\n</body>\n</html>\n");
  }

  private static String picture(FoundImage found) {
    if (!found.problem().isEmpty()) {
      return escape(found.problem());
    }
    if (found.image().length > MAX_IMAGE_BYTES) {
      return "too large to show: " + found.image().length + " bytes";
    }
    return "<img alt=\"\" src=\"data:%s;base64,%s\">"
        .formatted(MediaType.of(found.image()), Base64.getEncoder().encodeToString(found.image()));
  }

  private static String answer(List<Guess> top) {
    return top.stream()
        .limit(SHOWN_CLASSES)
        .map(guess -> Markup.name(guess.label()) + " " + Table.decimals(guess.score(), 3))
        .collect(Collectors.joining("<br>"));
  }
}

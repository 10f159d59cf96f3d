package dev.vmoe.app.demo;

import dev.vmoe.app.dataset.BundledImages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What to do next, such as after the demo: a command that works as it stands in the folder that the
 * one before was started in.
 *
 * @param arguments of the command
 * @param what it shows
 */
public record NextStep(List<String> arguments, String what) {

  /** Words that a shell takes as they are. */
  private static final Pattern PLAIN = Pattern.compile("[\\p{L}\\p{N}_./:=@%+,-]+");

  /** Copies the list. */
  public NextStep {
    arguments = List.copyOf(arguments);
  }

  /**
   * Returns all steps.
   *
   * @throws IOException if the bundled models are not there
   */
  public static List<NextStep> all() throws IOException {
    return List.of(
        new NextStep(List.of("demo", "--serve"), "the same with a live page, until Ctrl-C"),
        new NextStep(
            List.of("predict", fromHere(BundledImages.example())), "a file, without Kafka"),
        new NextStep(List.of("model", "list"), "the models that there are"));
  }

  private static String fromHere(Path file) {
    Path here = Path.of("").toAbsolutePath();
    Path whole = file.toAbsolutePath().normalize();
    return (whole.startsWith(here) ? here.relativize(whole) : whole).toString();
  }

  /**
   * Returns the line to type in a shell, and what it shows.
   *
   * @param vmoe how the user calls the command
   */
  public String line(String vmoe) {
    String words = arguments.stream().map(NextStep::quoted).collect(Collectors.joining(" "));
    return "%-60s  # %s".formatted(quoted(vmoe) + " " + words, what);
  }

  /** Returns a word as a shell takes it. */
  private static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}

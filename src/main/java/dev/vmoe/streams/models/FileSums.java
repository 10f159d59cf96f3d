package dev.vmoe.streams.models;

import dev.vmoe.core.onnx.ModelFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Checks a model's files against {@code SHA256SUMS} in their folder, as {@code sha256sum} writes
 * it. Listed model files must match; other entries are ignored.
 */
public final class FileSums {

  private static final String FILE = "SHA256SUMS";
  private static final Pattern LINE = Pattern.compile("([0-9a-f]{64}) [ *](?:\\./)*(.+)");

  private FileSums() {}

  /**
   * Checks a graph, its weights and its quality profile.
   *
   * @return whether {@code SHA256SUMS} lists any of them
   * @throws IOException if a listed file is missing or does not match; names it
   */
  public static boolean checkGraph(Path graph) throws IOException {
    Path file = graph.toAbsolutePath();
    Set<String> names =
        Stream.of(file, ModelFiles.data(file), ProfileFile.beside(file))
            .map(it -> String.valueOf(it.getFileName()))
            .collect(Collectors.toSet());
    return check(Objects.requireNonNull(file.getParent()), names::contains);
  }

  /**
   * Checks the files of a folder that are of the model.
   *
   * @return whether {@code SHA256SUMS} lists any of them
   * @throws IOException if a listed file is missing or does not match; names it
   */
  public static boolean check(Path folder, Predicate<String> ofTheModel) throws IOException {
    Path sums = folder.resolve(FILE);
    if (!Files.exists(sums)) {
      return false;
    }
    boolean listed = false;
    for (String line : Files.readAllLines(sums)) {
      Matcher parts = LINE.matcher(line);
      if (!parts.matches()) {
        throw new IOException(sums + ": '" + line + "' is not a line of sha256sum");
      }
      if (ofTheModel.test(parts.group(2))) {
        require(folder.resolve(parts.group(2)), parts.group(1));
        listed = true;
      }
    }
    return listed;
  }

  private static void require(Path file, String wanted) throws IOException {
    if (!Files.exists(file)) {
      throw new IOException(
          "%s is missing, but %s beside it lists it. Copy it again".formatted(file, FILE));
    }
    String found = sha256(file);
    if (!found.equals(wanted)) {
      throw new IOException(
          "%s is not the file that %s lists: its SHA-256 is %s, not %s. Copy it again"
              .formatted(file, FILE, found, wanted));
    }
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = ModelFile.sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}

package dev.vmoe.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the files of a folder must be: {@code SHA256SUMS}, as {@code sha256sum} writes it. */
final class FileSums {

  private static final String FILE = "SHA256SUMS";
  private static final Pattern LINE = Pattern.compile("([0-9a-f]{64}) [ *]([^/\\\\]+)");

  private FileSums() {}

  /**
   * Holds the files against their sums, where a folder has them.
   *
   * @return whether it has them
   * @throws IOException if a file is missing or another one; names it
   */
  static boolean check(Path folder) throws IOException {
    Path sums = folder.resolve(FILE);
    if (!Files.exists(sums)) {
      return false;
    }
    for (String line : Files.readAllLines(sums)) {
      Matcher parts = LINE.matcher(line);
      if (!parts.matches()) {
        throw new IOException(sums + ": '" + line + "' is no line of sha256sum on files beside it");
      }
      String wanted = parts.group(1);
      Path file = folder.resolve(parts.group(2));
      String found = sha256(file);
      if (!found.equals(wanted)) {
        throw new IOException(
            "%s is not the file that %s means: its SHA-256 is %s, not %s. Copy it again"
                .formatted(file, FILE, found, wanted));
      }
    }
    return true;
  }

  /**
   * Holds a file and those beside it against their sums, where they have them.
   *
   * @return whether they have them
   * @throws IOException if a file is missing or another one; names it
   */
  static boolean checkBeside(Path file) throws IOException {
    return check(Objects.requireNonNull(file.toAbsolutePath().getParent()));
  }

  private static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}

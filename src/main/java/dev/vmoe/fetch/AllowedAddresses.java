package dev.vmoe.fetch;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The addresses that images may be fetched from: those that begin with one of some prefixes.
 *
 * <p>Scheme, host and port are compared as they are parsed, the path by whole segments. What
 * servers and parsers understand differently is refused: users in an address, dot segments, and
 * dots, slashes and percent signs that are encoded.
 */
final class AllowedAddresses {

  /** Longer than any pre-signed address of an object store. */
  private static final int MAX_CHARS = 8 * 1024;

  private static final Pattern ENCODED =
      Pattern.compile("%(2e|2f|5c|25|7f|[01][0-9a-f])", Pattern.CASE_INSENSITIVE);

  private static final Pattern DOT_SEGMENT = Pattern.compile("(^|/)\\.{1,2}(;[^/]*)?(/|$)");

  private final List<URI> prefixes;

  /**
   * Creates the list; each prefix is an address with {@code https}, {@code http} or {@code file}.
   */
  AllowedAddresses(List<String> prefixes) {
    this.prefixes = prefixes.stream().map(URI::create).toList();
  }

  /**
   * Returns an address that may be fetched, in ASCII: other characters are encoded, as of RFC 3986.
   *
   * @throws FetchException if it may not
   */
  URI require(String text) throws FetchException {
    if (prefixes.isEmpty()) {
      throw FetchException.refused(
          "images by address are not taken: fetch.prefixes is empty; list the beginnings of the"
              + " addresses that may be fetched there");
    }
    if (text.length() > MAX_CHARS) {
      throw FetchException.refused(
          "the address has %d characters, more than %d".formatted(text.length(), MAX_CHARS));
    }
    URI address;
    try {
      if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
        throw new URISyntaxException(text, "half a character");
      }
      // What is checked is what is sent: clients differ in what they make of other characters.
      address = new URI(new URI(text).toASCIIString());
    } catch (URISyntaxException e) {
      throw FetchException.refused("the address is not one: " + e.getReason());
    }
    if (!isPlain(address)) {
      throw FetchException.refused(
          "the address %s is not plain: an image's address has a scheme, a host (file: none) and a"
                  .formatted(printable(address))
              + " path, and no user, fragment, dot segment, or encoded dot, slash or percent sign");
    }
    if (prefixes.stream().noneMatch(prefix -> begins(address, prefix))) {
      throw FetchException.refused(
          "fetch.prefixes does not allow the address %s: none of its prefixes is its beginning"
              .formatted(printable(address)));
    }
    return address;
  }

  /**
   * Returns the real path of an allowed file, all links followed.
   *
   * @throws FetchException if that lies outside the allowed folders
   * @throws IOException if there is none
   */
  Path realPath(URI file) throws IOException, FetchException {
    Path real = Path.of(file).toRealPath();
    for (URI prefix : prefixes) {
      if (isFile(prefix) && real.startsWith(realOrSame(Path.of(prefix)))) {
        return real;
      }
    }
    throw FetchException.refused(
        "the address %s leads out of the folders that fetch.prefixes allows"
            .formatted(printable(file)));
  }

  private static Path realOrSame(Path folder) {
    try {
      return folder.toRealPath();
    } catch (IOException e) {
      return folder; // it is not there, so no real path is in it
    }
  }

  static boolean isFile(URI address) {
    return "file".equalsIgnoreCase(address.getScheme());
  }

  /** Returns an address without its query, where pre-signed ones have their secret. */
  static String printable(URI address) {
    String whole = address.toString();
    int query = whole.indexOf('?');
    return query < 0 ? whole : whole.substring(0, query) + "?…";
  }

  private static boolean isPlain(URI address) {
    String path = address.getRawPath();
    if (path == null || address.getRawFragment() != null || address.getRawUserInfo() != null) {
      return false;
    }
    boolean placed =
        isFile(address)
            ? address.getRawAuthority() == null && address.getRawQuery() == null
            : address.getHost() != null;
    return placed
        && !ENCODED.matcher(path).find()
        && !DOT_SEGMENT.matcher(path).find()
        && !path.contains("//");
  }

  private static boolean begins(URI address, URI prefix) {
    return same(address.getScheme(), prefix.getScheme())
        && same(address.getHost(), prefix.getHost())
        && port(address) == port(prefix)
        && isIn(address.getRawPath(), prefix.getRawPath());
  }

  private static boolean isIn(String path, String folder) {
    String open = folder.endsWith("/") ? folder : folder + "/";
    return path.startsWith(open) || path.equals(folder);
  }

  private static boolean same(@Nullable String one, @Nullable String other) {
    return Objects.requireNonNullElse(one, "")
        .equalsIgnoreCase(Objects.requireNonNullElse(other, ""));
  }

  private static int port(URI address) {
    if (address.getPort() >= 0) {
      return address.getPort();
    }
    return "https".equalsIgnoreCase(address.getScheme()) ? 443 : 80;
  }
}

package dev.vmoe.console;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which requests a browser may have been tricked into. The console has no accounts, so that what
 * protects it is where it listens; a page of another site in a browser that reaches it must gain
 * nothing from that.
 */
final class Access {

  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

  private final String host;

  /** Why a request is not served. */
  record Refusal(HttpStatus status, String reason) {}

  /**
   * Creates the rules.
   *
   * @param host where the console listens
   */
  Access(String host) {
    this.host = host.toLowerCase(Locale.ROOT);
  }

  /**
   * Returns why data must not be read, if so: a console for this machine alone is only known by
   * this machine's names. Another site's name that leads here is a trick (DNS rebinding).
   */
  Optional<Refusal> refuseReading(Context context) {
    String name = name(context);
    if (!isLoopback(host) || isLoopback(name)) {
      return Optional.empty();
    }
    return refuse(
        HttpStatus.MISDIRECTED_REQUEST,
        "this console serves its own machine alone, as 127.0.0.1 or localhost, not as " + name);
  }

  /** Returns why nothing may be written, if so. */
  Optional<Refusal> refuseWriting(Context context) {
    String name = name(context);
    if (!isLoopback(name) && !isAddress(name) && !name.equals(host)) {
      return refuse(
          HttpStatus.MISDIRECTED_REQUEST,
          "the configuration can be changed under the console's address only, not under the name "
              + name);
    }
    String site = context.header("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin")) {
      return refuse(HttpStatus.FORBIDDEN, "the request comes from another site: " + site);
    }
    String origin = context.header("Origin");
    if (origin != null && !isSameOrigin(origin, context.header("Host"))) {
      return refuse(HttpStatus.FORBIDDEN, "the request comes from another site: " + origin);
    }
    String type = context.contentType();
    if (type == null || !type.split(";", 2)[0].strip().equalsIgnoreCase("application/json")) {
      return refuse(HttpStatus.UNSUPPORTED_MEDIA_TYPE, "send it as application/json");
    }
    return Optional.empty();
  }

  private static Optional<Refusal> refuse(HttpStatus status, String reason) {
    return Optional.of(new Refusal(status, reason));
  }

  /** The name that the request was sent to, without brackets and port. */
  private static String name(Context context) {
    return context.req().getServerName().replaceAll("[\\[\\]]", "").toLowerCase(Locale.ROOT);
  }

  private static boolean isSameOrigin(String origin, @org.jspecify.annotations.Nullable String at) {
    try {
      return at != null && at.equalsIgnoreCase(URI.create(origin).getAuthority());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isLoopback(String name) {
    return name.equals("localhost")
        || name.equals("::1")
        || name.equals("0:0:0:0:0:0:0:1")
        || (IPV4.matcher(name).matches() && name.startsWith("127."));
  }

  private static boolean isAddress(String name) {
    return name.contains(":") || IPV4.matcher(name).matches();
  }
}

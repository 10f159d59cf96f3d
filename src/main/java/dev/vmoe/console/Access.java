package dev.vmoe.console;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which requests a browser may have been tricked into. The console has no accounts, so that what
 * protects it is where it listens and its token, where it has one; a page of another site in a
 * browser that reaches it must gain nothing from that.
 */
final class Access {

  private final HostName host;
  private final List<String> names;

  /** Why a request is not served. */
  record Refusal(HttpStatus status, String reason) {}

  /** Creates the rules of a console that listens there. */
  Access(Listening listening) {
    this.host = HostName.of(listening.host());
    this.names = listening.names();
  }

  /**
   * Returns why data must be neither read nor written, if so: the request was sent to a name that
   * is not the console's. Another site's name can be pointed here at any time (DNS rebinding), and
   * its page then reads as if this were its own; an address or {@code localhost} cannot.
   */
  Optional<Refusal> refuseName(Context context) {
    HostName name = HostName.of(context.req().getServerName());
    if (name.address() || name.loopback() || name.equals(host) || known(name)) {
      return Optional.empty();
    }
    return refuse(
        HttpStatus.MISDIRECTED_REQUEST,
        "%s is no name of this console: use its address, or add the name to console.names"
            .formatted(name.text()));
  }

  private boolean known(HostName name) {
    return names.stream().anyMatch(known -> known.replaceFirst(":\\d+$", "").equals(name.text()));
  }

  /** Returns why nothing may be written, if so; the name has been looked at before. */
  Optional<Refusal> refuseWriting(Context context) {
    String site = context.header("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin")) {
      return refuse(HttpStatus.FORBIDDEN, "the request comes from another site: " + site);
    }
    String origin = context.header("Origin");
    if (origin != null && !own(origin, context.header("Host"))) {
      return refuse(
          HttpStatus.FORBIDDEN,
          "the request comes from another site: %s; if that is this console's name behind a proxy, add it to console.names"
              .formatted(origin));
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

  /** A proxy may have put another name into {@code Host} than the browser's page has. */
  private boolean own(String origin, @Nullable String at) {
    try {
      String authority = URI.create(origin).getAuthority();
      return authority != null
          && (authority.equalsIgnoreCase(at) || names.contains(authority.toLowerCase(Locale.ROOT)));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}

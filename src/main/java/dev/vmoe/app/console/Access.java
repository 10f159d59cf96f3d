package dev.vmoe.app.console;

import io.javalin.http.ContentType;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Refuses requests that a page of another site may have made in a user's browser. The console has
 * no accounts: only its address and its token, if it has one, protect it. A foreign page in a
 * browser that reaches the console must gain nothing from that.
 */
final class Access {

  private final HostName host;
  private final List<String> names;

  /** Why a request is not served. */
  record Refusal(HttpStatus status, String reason) {}

  Access(Listening listening) {
    this.host = HostName.of(listening.host());
    this.names = listening.names();
  }

  /**
   * Refuses a request to a name that is not the console's. Another site's name can be pointed to
   * this address at any time (DNS rebinding), and its page can then read this console as its own
   * site. An address or {@code localhost} cannot be pointed elsewhere.
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

  /** Refuses a write from another site; the name was checked before. */
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
    if (type == null || !type.split(";", 2)[0].strip().equalsIgnoreCase(ContentType.JSON)) {
      return refuse(HttpStatus.UNSUPPORTED_MEDIA_TYPE, "send it as application/json");
    }
    return Optional.empty();
  }

  private static Optional<Refusal> refuse(HttpStatus status, String reason) {
    return Optional.of(new Refusal(status, reason));
  }

  /** Returns whether the origin is this console; a proxy may have changed {@code Host}. */
  private boolean own(String origin, @Nullable String at) {
    try {
      String authority = URI.create(origin).getAuthority();
      return authority != null
          && (authority.equalsIgnoreCase(at) || names.contains(authority.toLowerCase(Locale.ROOT)));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * A machine's name or address in a request or a setting.
   *
   * @param text in lower case, without brackets and port
   */
  record HostName(String text) {

    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-f.]*:[0-9a-f:.]*(%\\w+)?");

    /** Returns the name of a host without a port. */
    static HostName of(String host) {
      return new HostName(host.replaceAll("[\\[\\]]", "").toLowerCase(Locale.ROOT));
    }

    /** Returns whether it means the local machine. */
    boolean loopback() {
      return text.equals("localhost")
          || text.equals("::1")
          || text.equals("0:0:0:0:0:0:0:1")
          || (IPV4.matcher(text).matches() && text.startsWith("127."));
    }

    /** Returns whether it is an address; unlike a name, nobody can point it elsewhere. */
    boolean address() {
      return IPV4.matcher(text).matches() || IPV6.matcher(text).matches();
    }
  }
}

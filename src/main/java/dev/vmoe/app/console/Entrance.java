package dev.vmoe.app.console;

import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.HttpStatus;
import io.javalin.http.SameSite;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which requests are answered if there is a token. Health is open, since probes have no
 * secrets and see none. The files that ask a browser for the token are open, too.
 */
final class Entrance {

  /** Where a browser exchanges the token for a cookie. */
  static final String LOGIN = "/api/login";

  private static final String COOKIE = "vmoe_session";

  private static final String METRICS = "/metrics";

  private static final Set<String> OPEN =
      Set.of(
          "/health/live",
          "/health/ready",
          LOGIN,
          "/page/dom.js",
          "/page/login.js",
          "/page/style.css",
          "/page/icon.svg");

  private static final Logger log = LoggerFactory.getLogger(Entrance.class);

  private final @Nullable Token token;
  private final boolean openMetrics;
  private final boolean encrypted;

  Entrance(Listening listening) {
    this.token = listening.token();
    this.openMetrics = listening.openMetrics();
    this.encrypted = listening.tls() != null;
  }

  /** Returns whether a request may be answered. */
  boolean open(Context context) {
    String path = context.path();
    return token == null
        || OPEN.contains(path)
        || (openMetrics && path.equals(METRICS))
        || token.inHeader(context.header("Authorization"))
        || token.isSession(context.cookie(COOKIE));
  }

  /** Answers that a token is needed. */
  static void refuse(Context context) {
    context
        .status(HttpStatus.UNAUTHORIZED)
        .header("WWW-Authenticate", "Bearer realm=\"vmoe\"")
        .header("Cache-Control", "no-store");
  }

  /** Sets the cookie if the given token is right; returns whether it is. */
  boolean login(Context context, String given) {
    if (token == null) {
      return true;
    }
    if (!token.is(given)) {
      log.warn("wrong console.token from {}", context.ip());
      return false;
    }
    Cookie cookie = new Cookie(COOKIE, token.session());
    cookie.setPath("/");
    cookie.setHttpOnly(true);
    cookie.setSecure(encrypted);
    cookie.setSameSite(SameSite.STRICT);
    context.cookie(cookie);
    return true;
  }
}

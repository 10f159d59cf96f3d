package dev.vmoe.console;

import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.HttpStatus;
import io.javalin.http.SameSite;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is let in where there is a token. Health is for everybody: a probe has no secrets, and sees
 * none. So is what a browser needs to ask for the token.
 */
final class Entrance {

  /** Where a browser gives the token, for the cookie. */
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

  Entrance(Protection protection) {
    this.token = protection.token();
    this.openMetrics = protection.openMetrics();
    this.encrypted = protection.tls() != null;
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

  /** Says that a token is needed. */
  static void refuse(Context context) {
    context
        .status(HttpStatus.UNAUTHORIZED)
        .header("WWW-Authenticate", "Bearer realm=\"vmoe\"")
        .header("Cache-Control", "no-store");
  }

  /** Lets a browser in that knows the token; returns whether it does. */
  boolean login(Context context, String given) {
    if (token == null) {
      return true;
    }
    if (!token.is(given)) {
      log.warn("somebody at {} gave a wrong console.token", context.ip());
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

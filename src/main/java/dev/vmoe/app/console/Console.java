package dev.vmoe.app.console;

import dev.vmoe.streams.metrics.Exposition;
import dev.vmoe.streams.metrics.Meters;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.util.JavalinBindException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server of an instance. It has no accounts: everyone who reaches its port, and has its
 * token if there is one, may read it and, if the settings allow it, change the configuration.
 * Metrics and health are always served; the live page and its data only if the settings ask for
 * them.
 */
public final class Console implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Console.class);

  /** Enough for scrapes, probes and some browsers that ask every second, and for Jetty itself. */
  private static final int MAX_THREADS = 16;

  private static final int MIN_THREADS = 2;

  /** Far more than browsers and scrapers open; further connections wait in the kernel. */
  private static final int MAX_CONNECTIONS = 256;

  /** Connections that are silent for this long are closed. */
  private static final Duration IDLE = Duration.ofSeconds(15);

  /** Maximum size of a request's line and headers; larger ones are answered with 431. */
  private static final int MAX_HEADER_BYTES = 8 * 1024;

  /** Minimum rate of a request's body, which occupies a thread while it arrives. */
  private static final int MIN_BYTES_A_SECOND = 64;

  /** No content of other sites, no inline script or style, not within frames of other pages. */
  private static final String POLICY =
      "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
          + " form-action 'none'; frame-ancestors 'none'";

  static final String TEXT = "text/plain; charset=utf-8";

  private static final String PAGES =
      "/, /api/config, /api/images, /api/status, /health/live, /health/ready, /metrics,"
          + " /topology";

  private static final String PAGES_WITHOUT_LIVE =
      "/health/live, /health/ready, /metrics; the live page and its data are not served here"
          + " (console.page)";

  /** Attribute of a request: why an existing page has nothing to show. */
  static final String REASON = "reason";

  private final Javalin server;
  private final @Nullable LivePage page;
  private final Listening listening;

  private Console(Javalin server, @Nullable LivePage page, Listening listening) {
    this.server = server;
    this.page = page;
    this.listening = listening;
  }

  /**
   * Starts the server.
   *
   * @throws IllegalArgumentException if the address cannot be listened at
   */
  public static Console start(Listening listening, Meters meters, Instance instance) {
    Entrance entrance = new Entrance(listening);
    LivePage page = listening.page() ? new LivePage(listening, entrance, meters, instance) : null;
    Javalin server =
        Javalin.create(
            config -> {
              quiet(config);
              config.jetty.addConnector((jetty, http) -> connector(jetty, http, listening));
              config
                  .routes
                  .before(Console::protect)
                  .before(context -> guard(context, entrance, page));
              if (page != null) {
                page.addTo(config);
              }
              routes(config, meters, instance, page == null ? PAGES_WITHOUT_LIVE : PAGES);
            });
    try {
      server.start();
    } catch (RuntimeException e) {
      server.stop();
      if (page != null) {
        page.close();
      }
      throw refused(listening, e);
    }
    Console console = new Console(server, page, listening);
    log.info("console at {}: {}", console.address(), console.shows());
    return console;
  }

  private static IllegalArgumentException refused(Listening listening, RuntimeException e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String reason = e instanceof JavalinBindException ? "the port is in use" : cause.toString();
    return new IllegalArgumentException(
        "cannot listen at %s:%d: %s; 0 takes any free port"
            .formatted(listening.host(), listening.port(), reason),
        e);
  }

  private static void quiet(JavalinConfig config) {
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.startup.startupWatcherEnabled = false;
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, MIN_THREADS);
    threads.setName("vmoe-console");
    threads.setDaemon(true);
    config.jetty.threadPool = threads;
    config.jetty.modifyHttpConfiguration(http -> http.setSendServerVersion(false));
    config.http.prefer405over404 = true;
  }

  private static Connector connector(Server jetty, HttpConfiguration http, Listening listening) {
    HttpConfiguration own = new HttpConfiguration(http);
    own.setRequestHeaderSize(MAX_HEADER_BYTES);
    // else a correct token would later match in any letter case
    own.setHeaderCacheCaseSensitive(true);
    own.setMinRequestDataRate(MIN_BYTES_A_SECOND);
    HttpConnectionFactory plain = new HttpConnectionFactory(own);
    TlsIdentity tls = listening.tls();
    ServerConnector connector =
        tls == null
            ? new ServerConnector(jetty, plain)
            : new ServerConnector(
                jetty, new SslConnectionFactory(tls.contextFactory(), "http/1.1"), plain);
    connector.setHost(listening.host());
    connector.setPort(listening.port());
    connector.setIdleTimeout(IDLE.toMillis());
    jetty.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
    return connector;
  }

  private static void protect(Context context) {
    context
        .header("Content-Security-Policy", POLICY)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Cross-Origin-Resource-Policy", "same-origin")
        .header("Cross-Origin-Opener-Policy", "same-origin");
  }

  private static void guard(Context context, Entrance entrance, @Nullable LivePage page) {
    if (page != null && page.refusesName(context)) {
      context.skipRemainingHandlers();
    } else if (!entrance.open(context)) {
      Entrance.refuse(context);
      if (page != null && context.path().equals("/")) {
        page.askForToken(context);
      } else {
        context.contentType(TEXT).result("send the header Authorization: Bearer (console.token)\n");
      }
      context.skipRemainingHandlers();
    }
  }

  private static void routes(JavalinConfig config, Meters meters, Instance instance, String pages) {
    config
        .routes
        .get("/metrics", context -> metrics(context, meters))
        .get("/health/live", context -> live(context, instance.health()))
        .get("/health/ready", context -> ready(context, instance.health()))
        .error(HttpStatus.NOT_FOUND, context -> notFound(context, pages))
        .error(HttpStatus.METHOD_NOT_ALLOWED, Console::notAllowed)
        .exception(Exception.class, Console::failed);
  }

  private static void metrics(Context context, Meters meters) {
    Exposition exposition = Exposition.accepted(context.header("Accept"));
    context.result(meters.scrape(exposition)).contentType(exposition.contentType());
  }

  private static void live(Context context, Health health) {
    answer(context, health.live(), health.failures());
  }

  private static void ready(Context context, Health health) {
    answer(context, health.ready(), health.live() ? health.waitingFor() : health.failures());
  }

  private static void answer(Context context, boolean up, List<String> reasons) {
    context
        .status(up ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
        .header("Cache-Control", "no-store")
        .json(Map.of("status", up ? "up" : "down", "reasons", reasons));
  }

  private static void notFound(Context context, String pages) {
    String reason = context.attribute(REASON);
    context
        .contentType(TEXT)
        .result(
            reason == null
                ? "no page %s; there are %s\n".formatted(context.path(), pages)
                : reason);
  }

  private static void notAllowed(Context context) {
    boolean writable = context.path().equals(WriteRequests.CONFIGURATION);
    context
        .contentType(TEXT)
        .header("Allow", writable ? "GET, HEAD, POST" : "GET, HEAD")
        .result(
            "%s %s: %s\n"
                .formatted(
                    verb(context),
                    context.path(),
                    writable
                        ? "read it with GET, change it with POST"
                        : "pages can only be read, with GET"));
  }

  private static String verb(Context context) {
    return context.req().getMethod();
  }

  private static void failed(Exception failure, Context context) {
    if (failure instanceof EofException) {
      log.debug("{} {}: the client closed the connection", verb(context), context.path(), failure);
      return;
    }
    if (failure instanceof HttpException refused) { // of Jetty itself, mostly for a slow body
      context.status(refused.getCode()).contentType(TEXT).result(refused.getReason() + "\n");
      return;
    }
    log.error("{} {} failed", verb(context), context.path(), failure);
    context
        .status(HttpStatus.INTERNAL_SERVER_ERROR)
        .contentType(TEXT)
        .result("%s failed; the log says why\n".formatted(context.path()));
  }

  /** Returns the address for a browser. */
  public String address() {
    String host = listening.host();
    return "%s://%s:%d/"
        .formatted(
            listening.tls() == null ? "http" : "https",
            host.contains(":") ? "[" + host + "]" : host,
            port());
  }

  /** Returns what it serves, in words. */
  public String shows() {
    return page == null ? "metrics and health" : "live page, metrics and health";
  }

  /** Returns the port. */
  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
    if (page != null) {
      page.close();
    }
  }
}

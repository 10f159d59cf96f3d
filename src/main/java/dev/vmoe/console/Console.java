package dev.vmoe.console;

import dev.vmoe.metrics.Exposition;
import dev.vmoe.metrics.Meters;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.util.JavalinBindException;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server of an instance. It has no accounts: what it shows is for whoever reaches its
 * port, and so is the configuration where it may be changed here.
 */
public final class Console implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Console.class);

  /** Scrapes and probes come one at a time; Jetty itself takes a few. */
  private static final int MOST_THREADS = 16;

  private static final int LEAST_THREADS = 2;

  private static final String TEXT = "text/plain; charset=utf-8";

  private static final String PAGES =
      "/, /api/config, /api/images, /api/status, /health/live, /health/ready, /metrics,"
          + " /routing-map.svg, /topology";

  /** Attribute of a request: why a page that there is has nothing to show. */
  private static final String REASON = "reason";

  private final Javalin server;
  private final LivePage page;
  private final String host;

  private Console(Javalin server, LivePage page, String host) {
    this.server = server;
    this.page = page;
    this.host = host;
  }

  /**
   * Starts to listen.
   *
   * @param host name or address to listen at
   * @param port 0 for any free one
   * @throws IllegalArgumentException if nobody can listen there
   */
  public static Console start(String host, int port, Meters meters, Instance instance) {
    LivePage page = new LivePage(host, meters, instance);
    Javalin server =
        Javalin.create(
            config -> {
              quiet(config);
              page.addTo(config);
              routes(config, meters, instance);
            });
    try {
      server.start(host, port);
    } catch (RuntimeException e) {
      server.stop();
      page.close();
      throw refused(host, port, e);
    }
    Console console = new Console(server, page, host);
    log.info("console at {}", console.address());
    return console;
  }

  private static IllegalArgumentException refused(String host, int port, RuntimeException e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String reason = e instanceof JavalinBindException ? "the port is in use" : cause.toString();
    return new IllegalArgumentException(
        "console.host, console.port: cannot listen at %s:%d: %s; 0 takes any free port, -1 none"
            .formatted(host, port, reason),
        e);
  }

  private static void quiet(JavalinConfig config) {
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.startup.startupWatcherEnabled = false;
    QueuedThreadPool threads = new QueuedThreadPool(MOST_THREADS, LEAST_THREADS);
    threads.setName("vmoe-console");
    threads.setDaemon(true);
    config.jetty.threadPool = threads;
    config.jetty.modifyHttpConfiguration(http -> http.setSendServerVersion(false));
    config.http.prefer405over404 = true;
  }

  private static void routes(JavalinConfig config, Meters meters, Instance instance) {
    config
        .routes
        .get("/metrics", context -> metrics(context, meters))
        .get("/health/live", context -> live(context, instance.health()))
        .get("/health/ready", context -> ready(context, instance.health()))
        .get("/topology", context -> topology(context, instance))
        .get("/routing-map.svg", context -> routingMap(context, instance.routingMap()))
        .error(HttpStatus.NOT_FOUND, Console::notFound)
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

  private static void topology(Context context, Instance instance) {
    context.contentType(TEXT);
    instance
        .topology()
        .ifPresentOrElse(
            context::result,
            () ->
                context
                    .status(HttpStatus.SERVICE_UNAVAILABLE)
                    .result("the pipeline is not built yet; see /health/ready\n"));
  }

  private static void routingMap(Context context, RoutingMap map) {
    map.svg()
        .ifPresentOrElse(
            svg ->
                context
                    .contentType("image/svg+xml; charset=utf-8")
                    .header("Cache-Control", "no-store")
                    .result(svg),
            () ->
                context
                    .status(HttpStatus.NOT_FOUND)
                    .attribute(REASON, "no routing map: " + map.lacks() + "\n"));
  }

  private static void notFound(Context context) {
    String reason = context.attribute(REASON);
    context
        .contentType(TEXT)
        .result(
            reason == null
                ? "no page %s; there are %s\n".formatted(context.path(), PAGES)
                : reason);
  }

  private static void notAllowed(Context context) {
    context
        .contentType(TEXT)
        .header("Allow", "GET, HEAD")
        .result(
            "%s %s: pages can only be read, with GET\n".formatted(verb(context), context.path()));
  }

  private static String verb(Context context) {
    return context.req().getMethod();
  }

  private static void failed(Exception failure, Context context) {
    log.error("{} {} failed", verb(context), context.path(), failure);
    context
        .status(HttpStatus.INTERNAL_SERVER_ERROR)
        .contentType(TEXT)
        .result("%s failed: %s\n".formatted(context.path(), failure));
  }

  /** Returns where it listens, as an address for a browser. */
  public String address() {
    return "http://%s:%d/".formatted(host.contains(":") ? "[" + host + "]" : host, port());
  }

  /** Returns the port. */
  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
    page.close();
  }
}

package dev.vmoe.app.console;

import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.Metric;
import dev.vmoe.streams.metrics.MetricsReading;
import dev.vmoe.streams.settings.DaemonThread;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.http.staticfiles.Location;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The live page and the data behind it. The metrics are read once a second, however many look; the
 * page's files are on the class path.
 */
final class LivePage implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(LivePage.class);

  private static final String HTML = "text/html; charset=utf-8";

  private static final String FILES = "/dev/vmoe/app/console/page";

  /** Ten minutes at one a second. */
  private static final int POINTS = 600;

  private final Meters meters;
  private final Instance instance;
  private final Access access;
  private final WriteRequests writes;
  private final byte[] login = file(FILES + "/login.html");
  private final long startedMs = System.currentTimeMillis();
  private final History history = new History(POINTS);
  private final ScheduledExecutorService sampler =
      Executors.newSingleThreadScheduledExecutor(
          task -> DaemonThread.of(task, "vmoe-console-history"));

  /** What {@code /api/status} says. */
  private record Status(
      long timeMs,
      long startedMs,
      Health health,
      @Nullable Model model,
      List<History.ModelShare> models,
      @Nullable DeviceInUse device,
      double loadAgeSeconds,
      double answeredTotal,
      double deadLettersTotal,
      List<History.HistoryPoint> history,
      History.@Nullable Experts experts,
      @Nullable Configuration configuration,
      boolean writable,
      List<PipelineView.DeadLetterView> deadLetters) {}

  private record Model(String name, String weightsHash) {}

  private record DeviceInUse(String name, String asked, String runs) {}

  /**
   * Creates a page that begins to remember.
   *
   * @param listening where the console listens
   * @param entrance who is let in
   */
  LivePage(Listening listening, Entrance entrance, Meters meters, Instance instance) {
    this.meters = meters;
    this.instance = instance;
    this.access = new Access(listening);
    this.writes = new WriteRequests(access, entrance, instance);
    var unused = sampler.scheduleAtFixedRate(this::sample, 0, 1, TimeUnit.SECONDS);
  }

  private void sample() {
    try {
      history.add(meters.read(), System.currentTimeMillis(), System.nanoTime());
    } catch (RuntimeException e) {
      log.warn("the metrics could not be read for the live page", e); // and are, in a second
    }
  }

  /** Adds the page, its files and its data to a server. */
  void addTo(JavalinConfig config) {
    byte[] index = file(FILES + "/index.html");
    Map<String, String> headers = Map.of("Cache-Control", "no-cache");
    config.staticFiles.add(
        files -> {
          files.hostedPath = "/page";
          files.directory = FILES;
          files.location = Location.CLASSPATH;
          files.headers = headers;
        });
    config.staticFiles.add(
        files -> {
          files.hostedPath = "/uplot";
          files.directory = "/META-INF/resources/webjars/uplot/" + uplotVersion();
          files.location = Location.CLASSPATH;
          files.headers = headers;
        });
    config
        .routes
        .get("/", context -> index(context, index))
        .get("/api/status", this::status)
        .get("/api/images", this::images)
        .get(WriteRequests.CONFIGURATION, this::configuration)
        .post(WriteRequests.CONFIGURATION, writes::change)
        .post(Entrance.LOGIN, writes::login)
        .get("/topology", this::topology);
  }

  /**
   * Refuses a request to a name that is not the console's. Scrapers and probes go by names of their
   * own, and what they read is nobody's secret.
   */
  boolean refusesName(Context context) {
    String path = context.path();
    if (path.equals("/metrics") || path.startsWith("/health/")) {
      return false;
    }
    Optional<Access.Refusal> refusal = access.refuseName(context);
    refusal.ifPresent(it -> JsonAnswer.refuse(context, it.status(), it.reason()));
    return refusal.isPresent();
  }

  void askForToken(Context context) {
    context.contentType(HTML).result(login);
  }

  private static void index(Context context, byte[] page) {
    context.contentType(HTML).header("Cache-Control", "no-cache").result(page);
  }

  private void status(Context context) {
    String after = context.queryParam("after");
    try {
      JsonAnswer.answer(context, HttpStatus.OK, status(after == null ? 0 : Long.parseLong(after)));
    } catch (NumberFormatException e) {
      JsonAnswer.refuse(
          context,
          HttpStatus.BAD_REQUEST,
          "after=" + after + " is no time in milliseconds since 1970");
    }
  }

  private Status status(long after) {
    Optional<MetricsReading> reading = history.reading();
    Optional<PipelineView> pipeline = instance.view();
    return new Status(
        System.currentTimeMillis(),
        startedMs,
        instance.health(),
        reading
            .flatMap(now -> now.info(Metric.MODEL))
            .map(labels -> new Model(labels.get(0), labels.get(1)))
            .orElse(null),
        history.models(),
        reading
            .flatMap(now -> now.info(Metric.DEVICE))
            .map(labels -> new DeviceInUse(labels.get(0), labels.get(1), labels.get(3)))
            .orElse(null),
        reading.map(now -> now.sum(Metric.LOAD_AGE)).orElse(Double.NaN),
        reading.map(now -> now.sum(Metric.IMAGES_ANSWERED)).orElse(Double.NaN),
        reading.map(now -> now.sum(Metric.IMAGES_DEAD_LETTERED)).orElse(Double.NaN),
        history.after(after),
        history.experts().orElse(null),
        pipeline.map(PipelineView::configuration).orElse(null),
        pipeline.map(PipelineView::writable).orElse(false),
        pipeline.map(PipelineView::deadLetters).orElse(List.of()));
  }

  private void topology(Context context) {
    context.contentType(Console.TEXT);
    instance
        .topology()
        .ifPresentOrElse(
            context::result,
            () ->
                context
                    .status(HttpStatus.SERVICE_UNAVAILABLE)
                    .result("the pipeline is not built yet; see /health/ready\n"));
  }

  /** The images, or nothing where the viewer has them already. */
  private void images(Context context) {
    Optional<PipelineView.BatchView> batch = instance.view().flatMap(PipelineView::images);
    String has = context.queryParam("has");
    if (batch.isEmpty() || key(batch.get()).equals(has)) {
      context.status(HttpStatus.NO_CONTENT).header("Cache-Control", "no-store");
    } else {
      JsonAnswer.answer(
          context, HttpStatus.OK, Map.of("key", key(batch.get()), "batch", batch.get()));
    }
  }

  private static String key(PipelineView.BatchView batch) {
    return batch.id() + "/" + batch.images().size();
  }

  private void configuration(Context context) {
    Optional<PipelineView> pipeline = instance.view();
    if (pipeline.isEmpty()) {
      JsonAnswer.refuse(context, HttpStatus.SERVICE_UNAVAILABLE, "the pipeline is not running yet");
    } else {
      JsonAnswer.answer(context, HttpStatus.OK, pipeline.get().configuration());
    }
  }

  private static byte[] file(String path) {
    try (InputStream in = LivePage.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("no " + path + " on the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("cannot read " + path, e);
    }
  }

  /** The folder of a web jar has its version in its name. */
  private static String uplotVersion() {
    byte[] file = file("/META-INF/maven/org.webjars.npm/uplot/pom.properties");
    try {
      Properties properties = new Properties();
      properties.load(new java.io.StringReader(new String(file, StandardCharsets.ISO_8859_1)));
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    sampler.shutdownNow();
  }
}

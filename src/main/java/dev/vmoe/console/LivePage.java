package dev.vmoe.console;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import dev.vmoe.metrics.Meters;
import dev.vmoe.metrics.Metric;
import dev.vmoe.metrics.MetricsReading;
import dev.vmoe.output.OneLine;
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
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
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

  private static final String FILES = "/dev/vmoe/console/page";

  /** The one address that can be written to. */
  static final String CONFIGURATION = "/api/config";

  /** Ten minutes at one a second. */
  private static final int POINTS = 600;

  /** A change is a few lines of JSON. */
  private static final int MOST_BODY_BYTES = 16 * 1024;

  /** Requests whose bodies may come at the same time: each holds a thread while it comes. */
  private static final int MOST_BODIES = 4;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .addModule(
              new SimpleModule()
                  .addSerializer(double.class, new KnownNumber())
                  .addSerializer(Double.class, new KnownNumber()))
          .build();

  private final Meters meters;
  private final Instance instance;
  private final Access access;
  private final Entrance entrance;
  private final byte[] login = file(FILES + "/login.html");
  private final Semaphore bodies = new Semaphore(MOST_BODIES);
  private final long startedMs = System.currentTimeMillis();
  private final History history = new History(POINTS);
  private final ReentrantLock writing = new ReentrantLock();
  private final ScheduledExecutorService sampler =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "vmoe-console-history");
            thread.setDaemon(true);
            return thread;
          });

  /** JSON knows no NaN: what is not known is null. */
  private static final class KnownNumber extends JsonSerializer<Double> {
    @Override
    public void serialize(Double number, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      if (Double.isFinite(number)) {
        json.writeNumber(number);
      } else {
        json.writeNull();
      }
    }
  }

  /** What {@code /api/status} says. */
  private record Status(
      long timeMs,
      long startedMs,
      State health,
      @Nullable Model model,
      @Nullable DeviceInUse device,
      double loadAgeSeconds,
      double answeredTotal,
      double deadLettersTotal,
      List<History.HistoryPoint> history,
      History.@Nullable Experts experts,
      @Nullable Configuration configuration,
      boolean writable,
      List<PipelineView.DeadLetterView> deadLetters,
      boolean routingMap) {}

  private record State(
      boolean live, boolean ready, List<String> failures, List<String> waitingFor) {
    static State of(Health health) {
      return new State(health.live(), health.ready(), health.failures(), health.waitingFor());
    }
  }

  private record Model(String name, String weightsHash) {}

  private record DeviceInUse(String name, String asked) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Outcome(@Nullable String done, @Nullable String error) {}

  /**
   * Creates a page that begins to remember.
   *
   * @param listening where the console listens
   * @param entrance who is let in
   */
  LivePage(Listening listening, Entrance entrance, Meters meters, Instance instance) {
    this.entrance = entrance;
    this.meters = meters;
    this.instance = instance;
    this.access = new Access(listening);
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
        .get(CONFIGURATION, this::configuration)
        .post(CONFIGURATION, this::change)
        .post(Entrance.LOGIN, this::login)
        .get("/topology", context -> PipelinePages.topology(context, instance))
        .get("/routing-map.svg", context -> PipelinePages.routingMap(context, instance));
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
    refusal.ifPresent(it -> refuse(context, it.status(), it.reason()));
    return refusal.isPresent();
  }

  /** Answers with the page that asks for the token. */
  void askForToken(Context context) {
    context.contentType(HTML).result(login);
  }

  private static void index(Context context, byte[] page) {
    context.contentType(HTML).header("Cache-Control", "no-cache").result(page);
  }

  private static void refuse(Context context, HttpStatus status, String reason) {
    answer(context, status, new Outcome(null, reason));
  }

  private static void answer(Context context, HttpStatus status, Object body) {
    try {
      context
          .status(status)
          .header("Cache-Control", "no-store")
          .contentType("application/json")
          .result(MAPPER.writeValueAsBytes(body));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private void status(Context context) {
    String after = context.queryParam("after");
    try {
      answer(context, HttpStatus.OK, status(after == null ? 0 : Long.parseLong(after)));
    } catch (NumberFormatException e) {
      refuse(
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
        State.of(instance.health()),
        reading
            .flatMap(now -> now.info(Metric.MODEL))
            .map(labels -> new Model(labels.get(0), labels.get(1)))
            .orElse(null),
        reading
            .flatMap(now -> now.info(Metric.DEVICE))
            .map(labels -> new DeviceInUse(labels.get(0), labels.get(1)))
            .orElse(null),
        reading.map(now -> now.sum(Metric.LOAD_AGE)).orElse(Double.NaN),
        reading.map(now -> now.sum(Metric.IMAGES_ANSWERED)).orElse(Double.NaN),
        reading.map(now -> now.sum(Metric.IMAGES_DEAD_LETTERED)).orElse(Double.NaN),
        history.after(after),
        history.experts().orElse(null),
        pipeline.map(PipelineView::configuration).orElse(null),
        pipeline.map(PipelineView::writable).orElse(false),
        pipeline.map(PipelineView::deadLetters).orElse(List.of()),
        instance.hasRoutingMap());
  }

  /** The images, or nothing where the viewer has them already. */
  private void images(Context context) {
    Optional<PipelineView.BatchView> batch = instance.view().flatMap(PipelineView::images);
    String has = context.queryParam("has");
    if (batch.isEmpty() || key(batch.get()).equals(has)) {
      context.status(HttpStatus.NO_CONTENT).header("Cache-Control", "no-store");
    } else {
      answer(context, HttpStatus.OK, Map.of("key", key(batch.get()), "batch", batch.get()));
    }
  }

  private static String key(PipelineView.BatchView batch) {
    return batch.id() + "/" + batch.images().size();
  }

  private void configuration(Context context) {
    Optional<PipelineView> pipeline = instance.view();
    if (pipeline.isEmpty()) {
      refuse(context, HttpStatus.SERVICE_UNAVAILABLE, "the pipeline is not running yet");
    } else {
      answer(context, HttpStatus.OK, pipeline.get().configuration());
    }
  }

  private void change(Context context) throws IOException {
    Optional<Access.Refusal> refusal = access.refuseWriting(context);
    Optional<PipelineView> pipeline = instance.view();
    if (refusal.isPresent()) {
      refuse(context, refusal.get().status(), refusal.get().reason());
    } else if (pipeline.isEmpty()) {
      refuse(context, HttpStatus.SERVICE_UNAVAILABLE, "the pipeline is not running yet");
    } else if (!pipeline.get().writable()) {
      refuse(
          context,
          HttpStatus.FORBIDDEN,
          "the configuration cannot be changed here: console.config.write is false;"
              + " use vmoe config set");
    } else {
      change(context, pipeline.get());
    }
  }

  private void change(Context context, PipelineView pipeline) throws IOException {
    byte[] body = body(context); // however slowly it comes: others can write meanwhile
    if (body == null) {
      return;
    }
    if (!writing.tryLock()) {
      refuse(context, HttpStatus.CONFLICT, "another change is being written; try again");
    } else {
      try {
        change(context, body, pipeline);
      } finally {
        writing.unlock();
      }
    }
  }

  /** What a browser is asked for where there is a token. */
  private record Login(@Nullable String token) {}

  private void login(Context context) throws IOException {
    Optional<Access.Refusal> refusal = access.refuseWriting(context);
    if (refusal.isPresent()) {
      refuse(context, refusal.get().status(), refusal.get().reason());
      return;
    }
    byte[] body = body(context);
    if (body == null) {
      return;
    }
    String given;
    try {
      Login login = MAPPER.readValue(body, Login.class);
      given = login == null || login.token() == null ? "" : login.token();
    } catch (JsonProcessingException e) { // which may quote what was sent
      refuse(context, HttpStatus.BAD_REQUEST, "send {\"token\": \"…\"}");
      return;
    }
    if (entrance.login(context, given)) {
      answer(context, HttpStatus.OK, new Outcome("let in", null));
    } else {
      refuse(context, HttpStatus.FORBIDDEN, "That is not the token.");
    }
  }

  /** Returns what was sent, however slowly; null after an answer that refuses it. */
  private byte @Nullable [] body(Context context) throws IOException {
    if (!bodies.tryAcquire()) {
      refuse(context, HttpStatus.SERVICE_UNAVAILABLE, "too many requests come slowly; try again");
      return null;
    }
    try (InputStream in = context.bodyInputStream()) {
      byte[] body = in.readNBytes(MOST_BODY_BYTES + 1);
      if (body.length > MOST_BODY_BYTES) {
        refuse(
            context,
            HttpStatus.CONTENT_TOO_LARGE,
            "the request is larger than " + MOST_BODY_BYTES + " bytes");
        return null;
      }
      return body;
    } finally {
      bodies.release();
    }
  }

  private static void change(Context context, byte[] body, PipelineView pipeline)
      throws IOException {
    try {
      ConfigurationChange change = MAPPER.readValue(body, ConfigurationChange.class);
      if (change == null) { // which is what JSON's null is read as
        throw new IllegalArgumentException("not a change: null");
      }
      log.info(
          "change of the configuration asked for by {}: {}",
          context.ip(),
          OneLine.of(change.toString()));
      answer(context, HttpStatus.OK, new Outcome(pipeline.change(change), null));
    } catch (JsonProcessingException e) {
      Throwable cause = e.getCause() instanceof IllegalArgumentException invalid ? invalid : e;
      refuse(context, HttpStatus.BAD_REQUEST, message(cause));
    } catch (IllegalArgumentException e) {
      refuse(context, HttpStatus.BAD_REQUEST, message(e));
    } catch (ConflictException e) {
      refuse(context, HttpStatus.CONFLICT, message(e));
    } catch (RuntimeException e) {
      log.warn("a configuration could not be written", e);
      refuse(context, HttpStatus.SERVICE_UNAVAILABLE, "it could not be written: " + message(e));
    }
  }

  private static String message(Throwable e) {
    return e instanceof JsonProcessingException json
        ? "not a change: " + json.getOriginalMessage()
        : String.valueOf(e.getMessage());
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

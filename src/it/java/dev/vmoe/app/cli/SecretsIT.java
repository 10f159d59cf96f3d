package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import com.sun.net.httpserver.HttpServer;
import dev.vmoe.Certificates;
import dev.vmoe.app.cli.SecuredBench.Outcome;
import dev.vmoe.app.console.Console;
import dev.vmoe.app.console.Listening;
import dev.vmoe.app.console.RunningInstance;
import dev.vmoe.app.console.RunningView;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.instance.ControllerFactory;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.instance.StartWait;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.Metric;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.PipelineException;
import dev.vmoe.streams.topics.Topics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** With all logs at DEBUG, no secret is printed, served or thrown. */
class SecretsIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final String TOKEN = "console-token-of-secrets-2718";
  private static final String KEY_PASSWORD = "key-password-2818";
  private static final String OTLP_HEADER = "otlp-header-secret-4590";
  private static final String SIGNATURE = "signature-of-an-address-5772";

  private static final List<String> SECRETS =
      List.of(
          SecuredBench.password(SecuredBench.ALL),
          Certificates.PASSWORD,
          SecuredRegistry.PASSWORD,
          basic(),
          TOKEN,
          KEY_PASSWORD,
          OTLP_HEADER,
          SIGNATURE);

  private static final String OTLP_HEADERS = "otel.exporter.otlp.headers";

  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final Logger own = (Logger) LoggerFactory.getLogger("dev.vmoe");
  private final Level rootLevel = root.getLevel();
  private final Level ownLevel = own.getLevel();

  /** Logs of clients in this process, which other tests suppress; not those of brokers. */
  private final Map<Logger, Level> clients =
      Stream.of("clients", "common", "streams")
          .map(it -> (Logger) LoggerFactory.getLogger("org.apache.kafka." + it))
          .collect(HashMap::new, (levels, it) -> levels.put(it, it.getLevel()), HashMap::putAll);

  private final Appender<ILoggingEvent> terminal = root.iteratorForAppenders().next();
  private final Watch watch = new Watch();
  private final List<String> printed = new ArrayList<>();
  private final Queue<String> fetched = new ConcurrentLinkedQueue<>();

  @TempDir private Path folder;

  /** Keeps lines with a secret and counts the others, which are too many to keep. */
  private static final class Watch extends AppenderBase<ILoggingEvent> {
    private final Queue<String> leaks = new ConcurrentLinkedQueue<>();
    private final AtomicLong debug = new AtomicLong();
    private final AtomicLong masked = new AtomicLong();

    @Override
    protected void append(ILoggingEvent event) {
      String line = event.getLoggerName() + ": " + event.getFormattedMessage();
      if (event.getThrowableProxy() != null) {
        line += ThrowableProxyUtil.asString(event.getThrowableProxy());
      }
      if (event.getLevel() == Level.DEBUG) {
        debug.incrementAndGet();
      }
      if (line.contains("[hidden]")) {
        masked.incrementAndGet();
      }
      if (SECRETS.stream().anyMatch(line::contains)) {
        leaks.add(line);
      }
    }
  }

  private static String basic() {
    String user = SecuredRegistry.USER + ":" + SecuredRegistry.PASSWORD;
    return Base64.getEncoder().encodeToString(user.getBytes());
  }

  @BeforeEach
  void listen() {
    System.setProperty(OTLP_HEADERS, "authorization=" + OTLP_HEADER);
    watch.setContext(root.getLoggerContext());
    watch.start();
    root.addAppender(watch);
    root.detachAppender(terminal);
    root.setLevel(Level.DEBUG);
    own.setLevel(Level.TRACE);
    clients.keySet().forEach(it -> it.setLevel(Level.DEBUG));
  }

  @AfterEach
  void stopListening() {
    System.clearProperty(OTLP_HEADERS);
    root.setLevel(rootLevel);
    own.setLevel(ownLevel);
    clients.forEach(Logger::setLevel);
    root.addAppender(terminal);
    root.detachAppender(watch);
  }

  @Test
  void shouldShowNoSecretAnywhere() throws Exception {
    SecuredBench bench = SecuredBench.open();
    Map<String, String> settings = new HashMap<>(bench.settings(SecuredBench.ALL));
    settings.put("streams.ssl.key.password", KEY_PASSWORD);
    settings.put("registry.ssl.key.password", KEY_PASSWORD);
    settings.put("tracing.otlp.endpoint", "http://127.0.0.1:1"); // nobody there: an error each time
    settings.put("console.port", "0");
    settings.put("console.token", TOKEN);
    settings.put("console.tls.certificate", bench.certificates.serverStore().toString());
    settings.put("console.tls.password", Certificates.PASSWORD);

    runCommands(settings);
    HttpServer images = serveNothing();
    try {
      String root = "http://127.0.0.1:" + images.getAddress().getPort() + "/in";
      settings.put(Settings.FETCH_PREFIXES, root);
      settings.put(Settings.FETCH_PRIVATE_HOSTS, "127.0.0.1");
      runPipeline(bench, settings);
    } finally {
      images.stop(0);
    }
    fail(bench, settings);
    help();

    assertThat(watch.leaks).isEmpty();
    assertThat(watch.debug.get()).as("lines at DEBUG").isGreaterThan(1000);
    assertThat(watch.masked.get()).as("lines with a masked secret").isPositive();
    assertThat(printed).hasSizeGreaterThan(40);
    for (String text : printed) {
      assertThat(text).doesNotContain(SECRETS);
    }
  }

  /** Starts a server that has no image, and whose other addresses lead where they may not. */
  private HttpServer serveNothing() throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/",
        exchange -> {
          fetched.add(exchange.getRequestURI().toString());
          exchange.getResponseHeaders().add("Location", "/out?s=" + SIGNATURE);
          boolean known = exchange.getRequestURI().getPath().endsWith("moved");
          exchange.sendResponseHeaders(known ? 302 : 404, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  /** Sends signed addresses, of which none leads to an image; returns when they were refused. */
  private void sendAddresses(Settings settings, Meters meters) {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            settings.producerProperties(), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (String name : List.of("/missing?s=", "/moved?s=", "else?s=")) {
        String address = settings.getList(Settings.FETCH_PREFIXES).get(0) + name + SIGNATURE;
        ProducerRecord<byte[], byte[]> record =
            new ProducerRecord<>(Topics.of(settings).images().get(0), address.getBytes());
        record.headers().add("content-type", "text/uri-list".getBytes());
        producer.send(record);
      }
    }
    await()
        .atMost(LIMIT)
        .until(() -> meters.read().value(Metric.IMAGES_DEAD_LETTERED, "fetch") == 3);
    assertThat(fetched)
        .containsExactlyInAnyOrder("/in/missing?s=" + SIGNATURE, "/in/moved?s=" + SIGNATURE);
  }

  private void runCommands(Map<String, String> settings) throws Exception {
    Path image = Files.write(folder.resolve("s.grey"), FakeDecoder.grey(200));
    run(settings, "topics", "create");
    run(settings, "produce", image.toString());
    run(settings, "config", "show");
    run(settings, "config", "set", "routing=vanilla", "--note", "a note");
    run(settings, "config", "reset");
    run(settings, "topics", "describe", "--debug");
  }

  private void run(Map<String, String> settings, String... command) throws IOException {
    Outcome outcome = SecuredBench.run(folder, settings, command);
    assertThat(outcome.code()).as("%s", outcome).isIn(0, 1);
    printed.add(outcome.out());
    printed.add(outcome.err());
  }

  private void runPipeline(SecuredBench bench, Map<String, String> all) throws Exception {
    Settings settings = SecuredBench.load(all);
    printed.add(settings.toString());
    printed.add(settings.values().toString());
    printed.add(settings.printable().toString());
    Listening listening = Listening.of(settings);
    printed.add(listening.toString());
    own.info("settings: {}", settings.printable());
    RunningInstance instance = new RunningInstance();
    try (Meters meters = new Meters();
        FakeClassifier classifier = new FakeClassifier();
        Console console = Console.start(listening, meters, instance)) {
      PipelineMetrics metrics = Pipeline.metrics(meters, classifier.card());
      try (Pipeline pipeline =
          Pipeline.start(
              settings,
              classifier,
              new FakeDecoder(8 * 8 * 3),
              ControllerFactory.fixed(),
              metrics)) {
        pipeline.bindKafka(meters);
        meters.bindJvm();
        instance.started(pipeline, new RunningView(settings, List.of(), pipeline));
        assertThat(pipeline.awaitRunning(LIMIT)).isTrue();
        await().atMost(LIMIT).until(() -> classifier.runs() > 0);
        sendAddresses(settings, meters);
        visit(bench, console);
      }
    }
  }

  private void visit(SecuredBench bench, Console console) throws Exception {
    HttpClient client = HttpClient.newBuilder().sslContext(bench.certificates.context()).build();
    URI address = URI.create(console.address());
    for (String header : List.of("Bearer " + TOKEN, "Bearer wrong")) {
      for (String page :
          List.of(
              "/",
              "/metrics",
              "/api/status",
              "/api/config",
              "/api/images",
              "/topology",
              "/health/ready",
              "/nothing")) {
        printed.add(
            client
                .send(
                    HttpRequest.newBuilder(address.resolve(page))
                        .header("Authorization", header)
                        .build(),
                    BodyHandlers.ofString())
                .body());
      }
    }
    for (String body : List.of("{\"token\": \"" + TOKEN + "\"}", "{\"token\": \"" + TOKEN)) {
      var answer =
          client.send(
              HttpRequest.newBuilder(address.resolve("/api/login"))
                  .header("Content-Type", "application/json")
                  .POST(BodyPublishers.ofString(body))
                  .build(),
              BodyHandlers.ofString());
      printed.add(answer.body());
      printed.add(answer.headers().toString());
    }
  }

  /** Errors do not contain the wrong secret. */
  private void fail(SecuredBench bench, Map<String, String> settings) throws Exception {
    Map<String, Map<String, String>> wrong = new HashMap<>();
    wrong.put("broker", Map.of("bootstrap.servers", "no.such.host.invalid:1"));
    wrong.put("registry", Map.of("registry.basic.auth.user.info", SecuredRegistry.PASSWORD));
    wrong.put("user", bench.settings("nobody", SecuredBench.password(SecuredBench.ALL)));
    wrong.put("trust", Map.of("streams.ssl.truststore.password", KEY_PASSWORD));
    wrong.put("jaas", Map.of("streams.sasl.jaas.config", KEY_PASSWORD));
    wrong.put("token", Map.of("console.token", TOKEN + "\u00e9"));
    wrong.put(
        "address",
        Map.of("schema.registry.url", "http://u:" + SecuredRegistry.PASSWORD + "@127.0.0.1:1"));
    for (Map.Entry<String, Map<String, String>> change : wrong.entrySet()) {
      Map<String, String> all = new HashMap<>(settings);
      all.put("streams.default.api.timeout.ms", "2000");
      all.put("streams.request.timeout.ms", "1000");
      all.putAll(change.getValue());
      AtomicReference<Throwable> failed = new AtomicReference<>();
      Thread starting = new Thread(() -> failed.set(catchThrowable(() -> startAllTheSame(all))));
      starting.start();
      if (Set.of("registry", "address").contains(change.getKey())) {
        // A start waits for the registry as long as it takes.
        await().atMost(LIMIT).until(() -> StartWait.isForRegistry(starting) || !starting.isAlive());
        starting.interrupt();
      }
      starting.join();
      Throwable failure = failed.get();
      for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
        printed.add(cause.toString());
      }
      printed.add(ErrorText.of(failure));
    }
  }

  private static void startAllTheSame(Map<String, String> settings) throws Exception {
    try (FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = SecuredBench.pipeline(settings, classifier)) {
      throw new PipelineException("started all the same", null);
    }
  }

  private void help() {
    CommandLine line =
        VmoeCommand.commandLine(
            new java.io.PrintWriter(java.io.Writer.nullWriter()),
            new java.io.PrintWriter(java.io.Writer.nullWriter()),
            null);
    printed.add(line.getUsageMessage());
    line.getSubcommands().values().forEach(command -> printed.add(command.getUsageMessage()));
  }
}

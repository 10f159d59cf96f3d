package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.vmoe.app.client.ImageProducer;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.embedded.EmbeddedKafka;
import dev.vmoe.app.embedded.EmbeddedRegistry;
import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.metrics.AlertRules;
import dev.vmoe.streams.metrics.Dashboards;
import dev.vmoe.streams.metrics.MetricsPage;
import dev.vmoe.streams.metrics.Prometheus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs every query of the dashboards, alerts and documentation on a real Prometheus that scrapes
 * {@code vmoe run} under load: all parse, and those that should have data have it.
 */
class PrometheusIT {

  private static final Duration LIMIT = Duration.ofSeconds(120);

  /** What Grafana fills in: the spans fit a scrape every second. */
  private static final Map<String, String> VARIABLES =
      Map.of(
          "__rate_interval", "10s", "window", "1m", "job", "vmoe", "instance", ".*", "layer", ".*");

  /**
   * Alerts that do not fire while the pipeline is healthy under load, on the CPU by {@code auto}.
   * The tests of the rules make them fire.
   */
  private static final Set<String> SILENT =
      Set.of(
          "VmoeInstanceDown", // until it is stopped, see below
          "VmoeNoInstance", // there is one
          "VmoeNotRunning", // it runs
          "VmoeRestarts", // it was started once
          "VmoeThreadFailures", // none fails
          "VmoeConfigurationRefused", // nobody writes one
          "VmoeBacklogOld", // the load comes in bursts that are worked off in time
          "VmoeBacklogUnknown", // the broker answers
          "VmoeImagesHeld", // the registry answers
          "VmoeOverloaded", // as fast as the machine is, so not for sure
          "VmoeTargetMissed", // likewise
          "VmoeDeadExpert"); // the model's experts are all in use

  /** Queries of the documentation that are conditions, false in a healthy pipeline. */
  private static final Set<String> CONDITIONS =
      Set.of("vmoe_offered_load_ratio{point=\"fastest\"} > 1");

  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  @Test
  @Timeout(400)
  void shouldHaveDataForEveryPanelAlertAndDocumentedQuery() throws Exception {
    Path config = config();
    EmbeddedRegistry registry = SharedServers.registry();
    try (EmbeddedKafka kafka = EmbeddedKafka.start();
        Prometheus prometheus = Prometheus.start(config, folder)) {
      assertThat(run(kafka, registry, "topics", "create")).isZero();
      String model = "model=" + BundledModels.vmoe();
      String[] command = {
        "run",
        "--set",
        model,
        "--set",
        "console.port=0",
        "--set",
        "fetch.prefixes=" + folder.toUri()
      };
      Thread instance = new Thread(() -> run(kafka, registry, command), "run");
      instance.start();
      try (Load load = new Load(kafka, registry, prometheus, folder)) {
        URI console = await().atMost(LIMIT).until(this::address, at -> at != null);
        target(console);
        Instant start = Instant.now();
        load.start();

        await()
            .atMost(LIMIT)
            .pollInterval(Duration.ofSeconds(2))
            .untilAsserted(() -> assertThat(withoutData(prometheus, start)).isEmpty());
        assertAlerts(prometheus);
        assertVariables(prometheus);
      } finally {
        instance.interrupt();
        instance.join();
      }
      await().atMost(LIMIT).until(() -> !prometheus.query(alert("VmoeInstanceDown")).isEmpty());
    }
  }

  /** The configuration of Prometheus, but scraping every second. */
  private Path config() throws IOException {
    String config = Files.readString(Prometheus.FOLDER.resolve("prometheus.yml"));
    String fast =
        config
            .replace("scrape_interval: 5s", "scrape_interval: 1s")
            .replace("evaluation_interval: 15s", "evaluation_interval: 1s");
    assertThat(fast).isNotEqualTo(config);
    Files.copy(Prometheus.FOLDER.resolve("vmoe-alerts.yml"), folder.resolve("vmoe-alerts.yml"));
    Files.writeString(folder.resolve("targets.yml"), "[]");
    return Files.writeString(folder.resolve("prometheus.yml"), fast);
  }

  private void target(URI console) throws IOException {
    Path targets = folder.resolve("targets.yml");
    Path fresh = folder.resolve("fresh");
    Files.writeString(fresh, "- targets: [\"" + console.getAuthority() + "\"]");
    Files.move(fresh, targets, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Returns the queries that should have a number but have had none since the start. */
  private static List<String> withoutData(Prometheus prometheus, Instant start) throws Exception {
    Map<String, String> queries = new LinkedHashMap<>();
    for (Dashboards.Dashboard dashboard : Dashboards.all()) {
      for (Dashboards.Panel panel : dashboard.panels()) {
        for (String query : panel.queries()) {
          queries.put(Dashboards.substitute(query, VARIABLES), panel.toString());
        }
      }
    }
    assertThat(queries).hasSizeGreaterThan(100);
    for (String query : MetricsPage.queries()) {
      queries.put(query, "metrics.md");
    }
    for (AlertRules.Rule rule : AlertRules.all()) {
      queries.put(rule.expression(), rule.name());
    }
    queries.put(scaling(), "scaled-object.yaml");
    List<String> empty = new ArrayList<>();
    for (Map.Entry<String, String> query : queries.entrySet()) {
      assertThat(query.getKey()).doesNotContain("$");
      JsonNode result = prometheus.query(query.getKey(), start, Instant.now());
      if (!hasNumber(result)
          && !SILENT.contains(query.getValue())
          && !CONDITIONS.contains(query.getKey())) {
        empty.add(query.getValue() + ": " + query.getKey());
      }
    }
    return empty;
  }

  /** The autoscaler's query; there is no namespace here. */
  private static String scaling() throws IOException {
    JsonNode scaled =
        new YAMLMapper()
            .readTree(
                Prometheus.FOLDER
                    .resolveSibling("k8s/components/keda/scaled-object.yaml")
                    .toFile());
    String query = scaled.at("/spec/triggers/0/metadata/query").asText();
    assertThat(query).contains(", namespace=\"vmoe\"");
    return query.replace(", namespace=\"vmoe\"", "");
  }

  private static boolean hasNumber(JsonNode matrix) {
    for (JsonNode series : matrix) {
      for (JsonNode sample : series.get("values")) {
        if (Double.isFinite(number(sample.get(1).textValue()))) {
          return true;
        }
      }
    }
    return false;
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf", "-Inf", "NaN" -> Double.NaN;
      default -> Double.parseDouble(text);
    };
  }

  /** Prometheus evaluates every rule, and every metric in one is scraped. */
  private static void assertAlerts(Prometheus prometheus) throws Exception {
    Set<String> healthy = new TreeSet<>();
    for (JsonNode group : prometheus.get("rules", Map.of("type", "alert")).get("groups")) {
      for (JsonNode rule : group.get("rules")) {
        assertThat(rule.path("lastError").asText()).isEmpty();
        assertThat(rule.get("health").asText()).isEqualTo("ok");
        healthy.add(rule.get("name").asText());
      }
    }
    Set<String> metrics = new LinkedHashSet<>();
    for (AlertRules.Rule rule : AlertRules.all()) {
      assertThat(healthy).contains(rule.name());
      Pattern.compile("\\b(vmoe_\\w+|process_\\w+|up)\\b")
          .matcher(rule.expression())
          .results()
          .forEach(name -> metrics.add(name.group()));
    }
    for (String metric : metrics) {
      assertThat(prometheus.query(metric + "{job=\"vmoe\"}")).as(metric).isNotEmpty();
    }
  }

  private static void assertVariables(Prometheus prometheus) throws Exception {
    for (Dashboards.Dashboard dashboard : Dashboards.all()) {
      for (JsonNode variable : dashboard.variables()) {
        if (variable.path("type").asText().equals("query")) {
          Matcher values =
              Pattern.compile("label_values\\((.+), (\\w+)\\)")
                  .matcher(Dashboards.substitute(variable.at("/query/query").asText(), VARIABLES));
          assertThat(values.matches()).as(variable.toString()).isTrue();
          assertThat(
                  prometheus.get(
                      "label/" + values.group(2) + "/values", Map.of("match[]", values.group(1))))
              .isNotEmpty();
        }
      }
    }
  }

  private static String alert(String name) throws IOException {
    return AlertRules.all().stream()
        .filter(rule -> rule.name().equals(name))
        .findFirst()
        .orElseThrow()
        .expression();
  }

  /**
   * Test images at a steady rate, with bursts that lower capacity, with images that cannot be
   * decoded, and with addresses of an image that is there and one that is not. A burst comes once
   * nothing is left of the one before, so that capacity rises between them, however slow the
   * machine is.
   */
  private static final class Load implements AutoCloseable {

    private static final int STEADY = 100;
    private static final int FIRST_BURST = 3_000;
    private static final int LARGEST_BURST = 24_000;
    private static final int BURST_EVERY = 10;

    /** It has begun, and hardly more waits than what arrives. */
    private static final String READY =
        "vmoe_capacity_requested_ratio > 0 and vmoe_backlog_images < " + 3 * STEADY;

    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final Prometheus prometheus;
    private final RegistryClient registry;
    private final ImageProducer producer;
    private final List<ImageRequest> images = new ArrayList<>();
    private final List<URI> addresses;
    private int sinceBurst;
    private int burst = FIRST_BURST;
    private int sent;

    Load(EmbeddedKafka kafka, EmbeddedRegistry registryServer, Prometheus prometheus, Path folder)
        throws IOException {
      this.prometheus = prometheus;
      registry = new RegistryClient(registryServer.url(), Map.of(), Duration.ofSeconds(10));
      producer =
          new ImageProducer(
              Map.of("bootstrap.servers", kafka.bootstrapServers()), registry, "vmoe.images");
      BundledImages.all().stream().limit(500).forEach(image -> images.add(image.toRequest()));
      Path file = folder.resolve("image.jpg");
      Files.write(file, images.get(0).getImage().array());
      addresses = List.of(file.toUri(), folder.resolve("missing.jpg").toUri());
    }

    void start() {
      executor.scheduleAtFixedRate(this::second, 0, 1, TimeUnit.SECONDS);
    }

    private void second() {
      int count = STEADY;
      if (++sinceBurst >= BURST_EVERY && ready()) {
        count = burst;
        sinceBurst = 0;
        burst = burst == LARGEST_BURST ? FIRST_BURST : 2 * burst; // too much for any machine
      }
      for (int i = 0; i < count; i++) {
        producer.send("k" + sent, images.get(sent % images.size()));
        sent++;
      }
      for (int i = 0; i < STEADY / 10; i++) {
        ByteBuffer noImage = ByteBuffer.wrap(new byte[] {1, 2, 3});
        producer.send("bad", ImageRequest.newBuilder().setImage(noImage).build());
      }
      for (URI address : addresses) {
        String url = address.toString();
        producer.send("by address", ImageRequest.newBuilder().setImageUrl(url).build());
      }
    }

    private boolean ready() {
      try {
        return !prometheus.query(READY).isEmpty();
      } catch (IOException e) {
        return false; // at the next second
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    @Override
    public void close() throws InterruptedException {
      executor.shutdown();
      executor.awaitTermination(10, TimeUnit.SECONDS);
      producer.close();
      registry.close();
    }
  }

  private URI address() {
    Matcher found = Pattern.compile("metrics and health at (http\\S+/);").matcher(err.toString());
    return found.find() ? URI.create(found.group(1)) : null;
  }

  private int run(EmbeddedKafka kafka, EmbeddedRegistry registry, String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.addAll(
        List.of(
            "--set",
            "bootstrap.servers=" + kafka.bootstrapServers(),
            "--set",
            "schema.registry.url=" + registry.url()));
    return VmoeCommand.commandLine(
            new PrintWriter(new StringWriter()), new PrintWriter(err, true), null)
        .execute(arguments.toArray(String[]::new));
  }
}

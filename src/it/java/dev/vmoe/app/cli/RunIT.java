package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.core.image.PngEncoder;
import dev.vmoe.importer.modelstore.BundledModels;
import dev.vmoe.streams.metrics.Scrape;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code vmoe run} with the bundled model, observed over its console. */
class RunIT {

  private static final Pattern ADDRESS =
      Pattern.compile("live page, metrics and health at (http\\S+/);");

  private final StringWriter err = new StringWriter();
  private final StringWriter out = new StringWriter();
  private final HttpClient client = HttpClient.newHttpClient();

  /** Names the topics and the application of one test. */
  private final String name = "run" + UUID.randomUUID().toString().substring(0, 8);

  @TempDir Path folder;

  @Test
  @Timeout(180)
  void shouldServeHealthMetricsAndRoutingMapWhileItRuns() throws Exception {
    assertThat(run("topics", "create")).isZero();
    String model = "model=" + BundledModels.vmoe();
    String[] command = {
      "run",
      "--set",
      model,
      "--set",
      "console.port=0",
      "--set",
      "device=cpu",
      "--set",
      "cost.survey.ms=500",
      "--set",
      "routing.profile.interval.ms=500"
    };
    whileRunning(
        command,
        console -> {
          assertThat(get(console, "health/live").statusCode()).isEqualTo(200);
          assertThat(get(console, "topology").body()).contains(name + ".images");
          Scrape scrape = Scrape.of(get(console, "metrics").body());
          assertThat(scrape.sum("vmoe_device_info{asked=\"cpu\",device=\"cpu\",runs=\""))
              .isEqualTo(1);
          assertThat(scrape.sum("vmoe_model_info{")).isEqualTo(1);
          assertThat(scrape.value("vmoe_streams_state{state=\"RUNNING\"}")).isEqualTo(1);
          assertThat(scrape.sum("jvm_memory_used_bytes")).isPositive();
          assertThat(scrape.sum("kafka_stream")).isPositive();
          assertRoutingMap(console);
        });
  }

  @Test
  @Timeout(240)
  void shouldChangeTheModelByItsNameWhileItRunsAndStartWithThatAgain() throws Exception {
    assertThat(run("topics", "create")).isZero();
    String[] command = {
      "run", "--set", "model=vmoe-bpr", "--set", "console.port=0", "--set", "cost.survey.ms=0"
    };
    whileRunning(
        command,
        console -> {
          assertThat(models(console)).contains("model=\"characters-vmoe-bpr");
          assertThat(run("config", "set", "model=dense")).isZero();
          await()
              .atMost(Duration.ofSeconds(60))
              .untilAsserted(() -> assertThat(models(console)).contains("dense"));
          assertThat(get(console, "metrics").body()).doesNotContain("vmoe_expert_choices");
          for (String bad : List.of("model=none", "model=../vmoe-bpr", "model=/etc/passwd")) {
            assertThat(run("config", "set", bad)).isEqualTo(VmoeCommand.USAGE);
          }
          assertThat(err.toString())
              .contains("no model 'none' in", "'../vmoe-bpr' is no model's name")
              .containsPattern("there are: dense, (dense-3, )?vmoe-bpr");
        });
    whileRunning(command, console -> assertThat(models(console)).contains("dense"));
  }

  /** What is checked of an instance. */
  @FunctionalInterface
  private interface Check {
    void of(URI console) throws Exception;
  }

  private void whileRunning(String[] command, Check check) throws Exception {
    err.getBuffer().setLength(0);
    Thread instance = new Thread(() -> run(command), "run");
    instance.start();
    try {
      URI console = await().atMost(Duration.ofSeconds(60)).until(this::address, at -> at != null);
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> assertThat(get(console, "health/ready").statusCode()).isEqualTo(200));
      check.of(console);
    } finally {
      instance.interrupt();
      instance.join();
    }
  }

  private String models(URI console) throws Exception {
    return get(console, "metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("vmoe_model_info{"))
        .collect(Collectors.joining());
  }

  private void assertRoutingMap(URI console) throws Exception {
    assertThat(get(console, "routing-map.svg").statusCode()).isEqualTo(404);
    await() // the profile is read beside the images
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(get(console, "routing-map.svg").body())
                    .isEqualTo("no routing map: no image of this model has been counted yet\n"));
    Path maps = folder.resolve("maps");
    String[] draw = {"routing-map", "--out", maps.toString()};
    assertThat(run(draw)).isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString()).contains(name + ".routing-profile is empty");

    PngEncoder png = new PngEncoder();
    List<String> labels = List.of("b", "A", "none that the model knows");
    for (String label : labels) {
      Path images = Files.createDirectories(folder.resolve("images").resolve(label));
      for (int i = 0; i < 4; i++) {
        byte[] pixels = new byte[28 * 28];
        Arrays.fill(pixels, (byte) (20 * i));
        Files.write(images.resolve(i + ".png"), png.encodeGrey(pixels, 28, 28));
      }
    }
    String images = folder.resolve("images").toString();
    assertThat(run("produce", "--labels-from-folder", images)).isZero();

    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(get(console, "routing-map.svg").body())
                    .contains(">8 images;", ">block 2<", ">block 3<", ">b<", ">A<"));
    assertThat(run(draw)).as("%s", err).isZero();
    assertThat(out.toString())
        .contains("4 images with labels that the model does not know are left out");
    assertThat(err.toString()).contains("; 1 model in " + name + ".routing-profile");
    assertThat(maps.resolve("routing-map.svg")).hasContent(get(console, "routing-map.svg").body());
    assertThat(Files.readAllLines(maps.resolve("routing-map.csv")))
        .hasSize(1 + 2 * 2 * 8)
        .element(1)
        .asString()
        .startsWith("2,A,4,0,");
    assertThat(run("routing-map", "--weights", "none such")).isEqualTo(VmoeCommand.USAGE);
    String another = BundledModels.variant("dense").toString();
    assertThat(run("routing-map", "--groups", another)).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString())
        .containsPattern("--groups .*its weights are [0-9a-f]+, but the routing profile is of ");
  }

  private URI address() {
    Matcher found = ADDRESS.matcher(err.toString());
    return found.find() ? URI.create(found.group(1)) : null;
  }

  private HttpResponse<String> get(URI console, String page) throws Exception {
    return client.send(
        HttpRequest.newBuilder(console.resolve(page)).timeout(Duration.ofSeconds(10)).build(),
        BodyHandlers.ofString());
  }

  private int run(String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.addAll(
        List.of(
            "--set",
            "bootstrap.servers=" + SharedServers.kafka().bootstrapServers(),
            "--set",
            "schema.registry.url=" + SharedServers.registry().url(),
            "--set",
            "topic.prefix=" + name + ".",
            "--set",
            "application.id=" + name));
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(arguments.toArray(String[]::new));
  }
}

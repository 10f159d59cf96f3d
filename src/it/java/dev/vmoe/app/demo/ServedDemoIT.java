package dev.vmoe.app.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.cli.OpenDemo;
import dev.vmoe.app.client.StreamSummary;
import dev.vmoe.app.client.TopicReader;
import dev.vmoe.app.console.Browser;
import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.openqa.selenium.WebElement;

/** {@code vmoe demo --serve}, seen in a browser. */
@Timeout(180)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ServedDemoIT {

  private static final double IMAGES_PER_SECOND = 60;

  private static Browser browser;
  private static OpenDemo open;

  @BeforeAll
  static void open() throws Exception {
    browser = Browser.open();
    open = new OpenDemo(IMAGES_PER_SECOND);
    browser.go(open.demo.address());
    browser.awaitTrue("document.getElementById('health').textContent === 'ready'");
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.close();
    }
    if (open != null) {
      open.close();
    }
  }

  @Test
  @Order(1)
  void shouldShowNumbersThatMove() {
    browser.awaitTrue("parseInt(document.getElementById('tile-total').textContent) > 0");
    String answered = browser.text("tile-total");
    String uptime = browser.text("uptime");

    browser.awaitTrue(
        "document.getElementById('tile-total').textContent !== arguments[0]", answered);
    browser.awaitTrue("document.getElementById('uptime').textContent !== arguments[0]", uptime);
    browser.awaitTrue("parseFloat(document.getElementById('tile-answered').textContent) > 0");
    browser.awaitTrue("document.querySelectorAll('#images li img').length > 0");
    browser.awaitTrue("document.querySelectorAll('#experts tbody td').length === 2 * (8 + 1)");
    assertThat(browser.text("model")).startsWith(open.session.card().name());
    String batch = browser.text("images-caption");
    browser.awaitTrue(
        "document.getElementById('images-caption').textContent !== arguments[0]", batch);
  }

  @Test
  @Order(2)
  void shouldRunAtTheRatioThatTheFormSets() throws Exception {
    try (RegistryClient registry = RegistryClient.of(open.demo.settings());
        TopicReader predictions =
            new TopicReader(
                open.demo.settings().consumerProperties(),
                open.demo.settings().topics(TopicPlan.PREDICTIONS),
                false)) {
      AvroDeserializer<Prediction> avro = new AvroDeserializer<>(registry, Prediction.class);
      browser.byId("set-capacity.mode").sendKeys("fixed");
      set("set-capacity.ratio", "0.25");
      set("config-author", "browser test");
      browser.byId("config-apply").click();
      browser.awaitTrue("document.getElementById('config-result').className === 'good'");
      assertThat(browser.text("config-result"))
          .contains("capacity.mode adaptive → fixed", "capacity.ratio 1.05 → 0.25");
      browser.awaitTrue(
          "document.getElementById('config-record').textContent.includes('by browser test')");

      AtomicReference<Prediction> found = new AtomicReference<>();
      predictions.read(
          Long.MAX_VALUE,
          Duration.ofSeconds(20),
          record -> {
            Prediction prediction = avro.deserialize(record.topic(), record.value());
            if (prediction.getConfigurationVersion() != null && prediction.getBatchSize() > 1) {
              found.set(prediction);
            }
            return found.get() == null;
          });

      Prediction prediction = found.get();
      assertThat(prediction).as("a prediction under the new configuration").isNotNull();
      assertThat(browser.text("version"))
          .isEqualTo("version " + prediction.getConfigurationVersion());
      assertThat(prediction.getRequestedCapacityRatio()).isEqualTo(0.25);
      // slots come in whole fours: at least those requested, and fewer than four more an expert
      assertThat(prediction.getEffectiveCapacityRatio())
          .isBetween(0.25, 0.25 + 4.0 * 8 / (prediction.getBatchSize() * 36 * 2));
      browser.awaitTrue(
          "document.getElementById('tile-point').textContent.includes('0.25 asked for')");
      browser.awaitTrue(
          "/[1-9]\\d*\\/36 patches skipped/.test(document.getElementById('images').textContent)");
    }
  }

  private static void set(String id, String text) {
    WebElement input = browser.byId(id);
    input.clear();
    input.sendKeys(text);
  }

  @Test
  @Order(3)
  void shouldShowDeadLettersWithTheirReasons() throws Exception {
    open.send("rubbish".getBytes(StandardCharsets.UTF_8));

    browser.awaitTrue("document.querySelectorAll('#letters li').length > 0");

    assertThat(browser.text("letters")).contains("is not Avro");
    browser.awaitTrue("document.getElementById('tile-letters').textContent === '1 dead letters'");
  }

  @Test
  @Order(4)
  void shouldAskNobodyElseAndComplainOfNothing() throws Exception {
    List<String> elsewhere =
        browser.requests().stream()
            .filter(address -> !address.startsWith(open.demo.address()))
            .filter(address -> !address.startsWith("data:"))
            .toList();

    assertThat(browser.requests()).anyMatch(address -> address.contains("/api/status"));
    assertThat(elsewhere).isEmpty();
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  @Order(5)
  void shouldSumUpOnceItIsStopped() throws Exception {
    open.demo.stop();

    DemoSummary summary = open.running.get(60, TimeUnit.SECONDS);

    StreamSummary.Result result = summary.outcome().summary();
    assertThat(summary.images()).isPositive();
    assertThat(result.deadLetters()).isEqualTo(1); // nobody's image, which counts as an answer, too
    assertThat(result.predictions()).isBetween(summary.images() - 1, summary.images());
    assertThat(result.complete(result.predictions() + 1)).isTrue();
    StringWriter out = new StringWriter();
    summary.print(new PrintWriter(out));
    assertThat(out.toString()).contains("accuracy", "p99", "dropped");
  }
}

package dev.vmoe.app.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.vmoe.streams.config.ConfigConflictException;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openqa.selenium.Keys;

/** The live page in a real browser, in front of a pipeline that says what a test wants. */
@Timeout(120)
class LivePageIT {

  private static final String HOSTILE = "<img src=x onerror=\"document.title='taken'\"><b>Coat</b>";

  /** One grey pixel. */
  private static final String PNG =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

  private static Browser browser;

  private final Meters meters = new Meters();
  private final PipelineMetrics metrics =
      new PipelineMetrics(meters, List.of(0, 2), 2, List.of("size", "linger"));
  private final Shown shown = new Shown();
  private Console console;

  /** A pipeline as the page sees it. */
  private static final class Shown implements Instance, PipelineView {
    private final List<ConfigurationChange> changes = new CopyOnWriteArrayList<>();
    private volatile boolean writable = true;
    private volatile long version = 7;
    private volatile boolean contested;

    @Override
    public Health health() {
      return Health.READY;
    }

    @Override
    public Optional<String> topology() {
      return Optional.empty();
    }

    @Override
    public Optional<PipelineView> view() {
      return Optional.of(this);
    }

    @Override
    public Configuration configuration() {
      return new Configuration(
          version,
          new Configuration.RecordSignature(
              version, 1_790_000_000_000L, HOSTILE, "note " + HOSTILE),
          List.of(
              new Configuration.ShownSetting(
                  "capacity.mode", "adaptive", false, List.of("adaptive", "fixed"), HOSTILE),
              new Configuration.ShownSetting("capacity.ratio", "1.05", true, List.of(), "help")),
          new Configuration.RefusedRecord(6, "refused " + HOSTILE));
    }

    @Override
    public List<DeadLetterView> deadLetters() {
      return List.of(
          new DeadLetterView(1_790_000_000_000L, "images", 2, 41, "no image " + HOSTILE));
    }

    @Override
    public Optional<BatchView> images() {
      return Optional.of(
          new BatchView(
              "b-1",
              "a-model",
              2,
              0.5,
              0.52,
              2,
              List.of(0, 2),
              2,
              List.of(
                  new ImageView(
                      "images",
                      0,
                      5,
                      HOSTILE,
                      List.of(new Score("Coat", 0.9), new Score(HOSTILE, 0.1)),
                      PNG,
                      List.of("0210", "2222")))));
    }

    @Override
    public boolean writable() {
      return writable;
    }

    @Override
    public String change(ConfigurationChange change) {
      if (contested) {
        throw new ConfigConflictException("configuration 9 is in force by now", new Exception());
      }
      if (change.settings().containsValue("much")) {
        throw new IllegalArgumentException("capacity.ratio: 'much' is not a number above 0");
      }
      changes.add(change);
      version++;
      return "configuration " + version + ": written";
    }
  }

  @BeforeAll
  static void openBrowser() {
    browser = Browser.open();
  }

  @AfterAll
  static void closeBrowser() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void open() {
    metrics.model("a-model", "0123456789abcdef", List.of(0, 2), 2);
    metrics.device("cpu", "auto", "a runtime", "2 × 1 thread");
    browser.size(1360, 900, false);
  }

  @AfterEach
  void close() {
    console.close();
    meters.close();
  }

  private void show() {
    console = Console.start(Listening.at("127.0.0.1", 0), meters, shown);
    browser.go(console.address());
    browser.awaitTrue("document.getElementById('health').textContent === 'ready'");
  }

  @Test
  void shouldAskForTheTokenBeforeItShowsAnything() {
    String token = "a-token-of-the-console-42";
    console =
        Console.start(
            new Listening("127.0.0.1", 0, true, List.of(), new Token(token), false, null),
            meters,
            shown);
    browser.go(console.address());
    browser.awaitTrue("document.activeElement === document.getElementById('token')");
    browser.press("wrong", Keys.ENTER);
    browser.awaitTrue("document.getElementById('banner').textContent === 'That is not the token.'");

    browser.byId("token").clear();
    browser.byId("token").sendKeys(token, Keys.ENTER);

    browser.awaitTrue("document.getElementById('health')?.textContent === 'ready'");
    assertThat(browser.run("return document.cookie")).isEqualTo(""); // no script may read it
  }

  @Test
  void shouldShowHostileTextAsText() {
    show();

    browser.awaitTrue("document.querySelectorAll('#images li').length === 1");

    assertThat(browser.text("images")).contains(", labelled " + HOSTILE);
    assertThat(browser.text("letters")).contains("no image " + HOSTILE);
    assertThat(browser.text("config-record")).contains("by " + HOSTILE, "note " + HOSTILE);
    assertThat(browser.text("config-refusal")).contains("refused " + HOSTILE);
    assertThat(browser.text("config-help")).contains(HOSTILE);
    assertThat(browser.all("main b, img[src='x']")).isEmpty();
    assertThat(browser.run("return document.title")).isEqualTo("vmoe-streams");
  }

  @Test
  void shouldCoverThePatchesThatTheChosenLayerSkipped() {
    show();
    browser.awaitTrue("document.querySelectorAll('#images li').length === 1");

    assertThat(covered()).isEqualTo("1001");
    assertThat(browser.text("images")).contains("2/4 patches skipped");

    browser.byId("layers").findElements(org.openqa.selenium.By.tagName("input")).get(1).click();

    assertThat(covered()).isEqualTo("0000");
    assertThat(browser.text("images")).contains("0/4 patches skipped");
  }

  @Test
  void shouldColourLatencyByLateAnswersNotByTheAgeOfRecords() {
    show();
    answerOften(90_000, 0); // no target yet, which is not exceeded by anything
    browser.awaitTrue("document.getElementById('tile-p99').textContent.includes('s')");
    assertThat(browser.run(LATE)).isEqualTo(false);

    metrics.capacity().configured(0, 1_000_000_000L);
    answerOften(90_000, 1_000_000); // a replay
    browser.awaitTrue("document.getElementById('tile-p50').textContent.endsWith('0 % late')");
    assertThat(browser.run(LATE)).isEqualTo(false);

    answerOften(5_000, 5_000_000_000L);
    browser.awaitTrue(LATE.replace("return ", ""));
  }

  private static final String LATE =
      "return document.getElementById('tile-latency').classList.contains('late')";

  private void answerOften(long ageMillis, long waitedNanos) {
    for (int i = 0; i < 100; i++) {
      metrics.images().answered(0, 0, ageMillis, waitedNanos);
    }
  }

  /** One digit a patch: 1 where something lies over the picture. */
  private static Object covered() {
    return browser.run(
        "const c = document.querySelector('#images canvas');"
            + "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            + "return [0, 1, 2, 3].map((i) => d[4 * i + 3] > 0 ? 1 : 0).join('')");
  }

  @Test
  void shouldWriteWhatWasChangedWithTheKeyboardAlone() {
    show();
    browser.awaitTrue("document.getElementById('set-capacity.ratio') !== null");
    browser.run("document.getElementById('freeze').focus()");
    for (int i = 0; i < 20 && !focused().equals("set-capacity.ratio"); i++) {
      browser.press(Keys.TAB);
    }
    assertThat(focused()).isEqualTo("set-capacity.ratio");
    browser.press(
        Keys.chord(Keys.CONTROL, "a"), "0.5", Keys.TAB, Keys.TAB, "black friday", Keys.ENTER);

    await().atMost(Duration.ofSeconds(10)).until(() -> shown.changes.size() == 1);
    ConfigurationChange change = shown.changes.get(0);
    assertThat(change.settings()).containsExactly(java.util.Map.entry("capacity.ratio", "0.5"));
    assertThat(change.version()).isEqualTo(7);
    assertThat(change.note()).isEqualTo("black friday");
    browser.awaitTrue(
        "document.getElementById('config-result').textContent === 'configuration 8: written'");
    browser.awaitTrue(
        "document.getElementById('config-record').textContent.startsWith('Version 8')");
  }

  private static String focused() {
    return String.valueOf(browser.run("return document.activeElement.id"));
  }

  @Test
  void shouldSayWhyAChangeWasNotTaken() {
    show();
    browser.awaitTrue("document.getElementById('set-capacity.ratio') !== null");
    apply("much");
    browser.awaitTrue(
        "document.getElementById('config-result').textContent === arguments[0]",
        "capacity.ratio: 'much' is not a number above 0");

    shown.contested = true;
    apply("0.7");
    browser.awaitTrue(
        "document.getElementById('config-result').textContent === arguments[0]",
        "configuration 9 is in force by now");
    assertThat(shown.changes).isEmpty();
  }

  private static void apply(String ratio) {
    browser.byId("set-capacity.ratio").clear();
    browser.byId("set-capacity.ratio").sendKeys(ratio);
    browser.awaitTrue("!document.getElementById('config-apply').disabled");
    browser.byId("config-apply").click();
  }

  @Test
  void shouldHaveNoFormWhereNothingMayBeWritten() {
    shown.writable = false;
    show();

    browser.awaitTrue("!document.getElementById('config-readonly').hidden");

    assertThat(browser.byId("config-form").isDisplayed()).isFalse();
    assertThat(browser.text("config-values")).contains("capacity.ratio", "1.05", "by record");
    Object status =
        browser.runAsync(
            "fetch('/api/config', {method: 'POST', headers: {'Content-Type': 'application/json'},"
                + " body: '{\"version\": 7, \"settings\": {\"capacity.ratio\": \"0.5\"}}'})"
                + ".then((response) => arguments[0](response.status))");
    assertThat(status).isEqualTo(403L);
    assertThat(shown.changes).isEmpty();
  }

  /** Whatever another site's page tries in a browser that reaches the console. */
  @Test
  void shouldRefuseAFormFromAnotherOrigin() throws Exception {
    show();
    HttpServer other =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    other.createContext(
        "/",
        exchange -> {
          byte[] page = "<!DOCTYPE html><title>other</title>".getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "text/html");
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    other.start();
    try {
      browser.go("http://127.0.0.1:" + other.getAddress().getPort() + "/");
      for (String type : List.of("text/plain", "application/json")) {
        for (String mode : List.of("no-cors", "cors")) {
          Object outcome =
              browser.runAsync(
                  "const done = arguments[3];"
                      + "fetch(arguments[0] + 'api/config', {method: 'POST', mode: arguments[2],"
                      + " headers: {'Content-Type': arguments[1]},"
                      + " body: '{\"version\": 7, \"settings\": {\"capacity.ratio\": \"0.5\"}}'})"
                      + ".then((response) => done(response.type), () => done('failed'))",
                  console.address(),
                  type,
                  mode);
          assertThat(outcome).isIn("opaque", "failed");
        }
      }
      assertThat(shown.changes).isEmpty();

      browser.go(console.address()); // the same request from the page itself is taken
      Object own =
          browser.runAsync(
              "fetch('/api/config', {method: 'POST', headers: {'Content-Type': 'application/json'},"
                  + " body: '{\"version\": 7, \"settings\": {\"capacity.ratio\": \"0.5\"}}'})"
                  + ".then((response) => arguments[0](response.status))");
      assertThat(own).isEqualTo(200L);
      assertThat(shown.changes).hasSize(1);
    } finally {
      other.stop(0);
    }
  }

  @Test
  void shouldFitAPhone() {
    browser.size(360, 740, true);
    show();
    browser.awaitTrue("document.querySelectorAll('#images li').length === 1");
    browser.awaitTrue("document.querySelectorAll('.uplot').length === 4");

    assertThat(browser.run("return document.documentElement.scrollWidth")).isEqualTo(360L);
  }

  @Test
  void shouldSayThatTheInstanceIsGone() {
    show();

    console.close();

    browser.awaitTrue(
        "document.getElementById('banner').textContent.startsWith('The instance has not"
            + " answered')");
    assertThat(browser.text("health")).isEqualTo("no answer");
  }

  @Test
  void shouldNameEverythingThatCanBeOperated() {
    show();
    browser.awaitTrue("document.getElementById('set-capacity.ratio') !== null");

    Object nameless =
        browser.run(
            "return [...document.querySelectorAll('input, select, button, a')].filter((e) =>"
                + " !(e.labels && e.labels.length > 0) && e.textContent.trim() === '').map((e) =>"
                + " e.outerHTML).join()");

    assertThat(nameless).isEqualTo("");
  }
}

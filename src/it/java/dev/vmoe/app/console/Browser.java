package dev.vmoe.app.console;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LoggingPreferences;

/** The machine's own Chromium, without a window, as a person's. */
public final class Browser implements AutoCloseable {

  /** Says that a machine without a browser is not good enough. */
  private static final String REQUIRED = "REQUIRE_BROWSER";

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final ChromeDriver driver;
  private final ObjectMapper json = new ObjectMapper();
  private final List<String> requested = new ArrayList<>();
  private final List<String> complaints = new ArrayList<>();

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Opens a browser; without one on this machine the test is skipped, saying so. */
  public static Browser open() {
    Optional<Path> chromium = find("chromium", "chromium-browser", "google-chrome");
    Optional<Path> chromedriver = find("chromedriver");
    boolean there = chromium.isPresent() && chromedriver.isPresent();
    if (System.getenv(REQUIRED) == null) {
      Assumptions.assumeTrue(
          there, "no browser on the PATH: Debian's are in chromium and chromium-driver");
    } else if (!there) {
      throw new AssertionError(
          REQUIRED + " is set, but chromium or chromedriver is not on the PATH");
    }
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable("browser", Level.ALL);
    logs.enable("performance", Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.get().toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox", // tests run as root, too
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--disable-dev-shm-usage",
        "--window-size=1360,900");
    options.setCapability("goog:loggingPrefs", logs);
    return new Browser(
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver.get().toFile())
                .usingAnyFreePort()
                .withSilent(true)
                .build(),
            options));
  }

  private static Optional<Path> find(String... names) {
    List<Path> folders =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":")).map(Path::of).toList();
    return Stream.of(names)
        .flatMap(name -> folders.stream().map(folder -> folder.resolve(name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  public void go(String address) {
    driver.get(address);
  }

  /** Makes the page as wide and as high as this, whatever the window is. */
  public void size(int width, int height, boolean phone) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", phone));
  }

  /** Takes part in a light or a dark theme. */
  public void scheme(String scheme) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  public WebElement byId(String id) {
    return driver.findElement(By.id(id));
  }

  public List<WebElement> all(String selector) {
    return driver.findElements(By.cssSelector(selector));
  }

  public String text(String id) {
    return String.valueOf(run("return document.getElementById(arguments[0]).textContent", id));
  }

  public Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  /** Runs a script that calls its last argument back. */
  public Object runAsync(String script, Object... arguments) {
    return driver.executeAsyncScript(script, arguments);
  }

  /** Presses keys on whatever has the focus. */
  public void press(CharSequence... keys) {
    driver.switchTo().activeElement().sendKeys(keys);
  }

  /** Waits until a script returns true. */
  public void awaitTrue(String script, Object... arguments) {
    await()
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> Boolean.TRUE.equals(run("return " + script, arguments)));
  }

  /** Returns the addresses that pages have asked for since the browser was opened. */
  public List<String> requests() throws IOException {
    for (LogEntry entry : driver.manage().logs().get("performance")) {
      JsonNode message = json.readTree(entry.getMessage()).get("message");
      if (message.get("method").asText().equals("Network.requestWillBeSent")) {
        requested.add(message.at("/params/request/url").asText());
      }
    }
    return List.copyOf(requested);
  }

  /** Returns what the browser's console has said since the browser was opened. */
  public List<String> complaints() {
    for (LogEntry entry : driver.manage().logs().get("browser")) {
      complaints.add(entry.getLevel() + " " + entry.getMessage());
    }
    return List.copyOf(complaints);
  }

  /** Saves a picture of what is to be seen. */
  public void shoot(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
  }

  @Override
  public void close() {
    driver.quit();
  }
}

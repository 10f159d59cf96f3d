package dev.vmoe.app.cli;

import dev.vmoe.app.console.Browser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Takes the pictures of the running demo for the documentation:
 *
 * <pre>mvn verify -Dupdate.pictures=true -Dit.test=LivePagePicturesIT -Dtest=NoSuch
 *     -Dsurefire.failIfNoSpecifiedTests=false</pre>
 */
@EnabledIfSystemProperty(named = "update.pictures", matches = "true")
class LivePagePicturesIT {

  private static final Path PICTURES =
      Path.of(System.getProperty("vmoe.home", ".")).resolve("src/docs/pictures");

  /** Until the load has passed one maximum and nears the next. */
  private static final Duration SEEN = Duration.ofSeconds(150);

  @Test
  void takePictures() throws Exception {
    try (Browser browser = Browser.open();
        OpenDemo open = new OpenDemo(0)) {
      long startNanos = System.nanoTime();
      browser.size(1280, 900, false);
      browser.go(open.demo.address());
      browser.awaitTrue("document.querySelectorAll('#images li img').length > 0");
      open.send("not an image".getBytes(StandardCharsets.UTF_8));
      open.send(new byte[] {0, 0, 0, 0, 99, 1, 2, 3});
      Awaitility.await()
          .atMost(SEEN.multipliedBy(2))
          .until(() -> System.nanoTime() - startNanos > SEEN.toNanos());
      set(browser, "set-capacity.ratio.max", "0.35");
      set(browser, "config-author", "operator");
      set(browser, "config-note", "save the GPU for the nightly run");
      browser.byId("config-apply").click();
      browser.awaitTrue("document.getElementById('config-result').className === 'good'");
      browser.awaitTrue("document.getElementById('version').textContent.startsWith('version')");
      browser.awaitTrue("document.querySelectorAll('input.changed').length === 0");
      browser.awaitTrue(
          "/ratio 0\\.3\\d in effect, K 2/"
              + ".test(document.getElementById('images-caption').textContent)");
      browser.awaitTrue("document.querySelectorAll('#images li').length === 12");
      browser.byId("freeze").click();
      browser.run("document.activeElement.blur(); scrollTo(0, 0)");
      for (String scheme : List.of("light", "dark")) {
        browser.scheme(scheme);
        shoot(browser, scheme.equals("light") ? "live-page" : "live-page-dark");
      }
      browser.scheme("light");
      browser.size(390, 900, true);
      shoot(browser, "live-page-phone");
    }
  }

  private static void set(Browser browser, String id, String text) {
    browser.byId(id).clear();
    browser.byId(id).sendKeys(text);
  }

  /** Makes the window as high as the page. */
  private static void shoot(Browser browser, String name) throws Exception {
    long width = (Long) browser.run("return innerWidth");
    long height = (Long) browser.run("return document.documentElement.scrollHeight");
    browser.size((int) width, (int) height, width < 500);
    browser.awaitTrue("document.querySelectorAll('.uplot').length === 4");
    browser.runAsync("requestAnimationFrame(() => requestAnimationFrame(() => arguments[0]()))");
    browser.shoot(PICTURES.resolve(name + ".png"));
    browser.size((int) width, 900, width < 500);
  }
}

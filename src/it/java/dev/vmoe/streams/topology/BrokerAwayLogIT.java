package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.embedded.EmbeddedKafka;
import dev.vmoe.core.image.PngEncoder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A broker that is away does not fill the log of an instance. */
@Timeout(180)
class BrokerAwayLogIT {

  private static final int AWAY_SECONDS = 30;
  private static final int MAX_A_SECOND = 3;
  private static final Pattern WARNING =
      Pattern.compile("^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} (WARN|ERROR) ");

  private static final Logger log = LoggerFactory.getLogger(BrokerAwayLogIT.class);

  @TempDir private Path folder;

  @Test
  void shouldWarnAFewTimesASecondAtMost() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start();
        Workbench workbench = Workbench.open(1, kafka.bootstrapServers());
        RunProcess instance = RunProcess.start(folder.resolve("one"), null, workbench, Map.of());
        Answers answers = Answers.of(workbench)) {
      byte[] image = new PngEncoder().encodeGrey(new byte[28 * 28], 28, 28);
      await().atMost(Duration.ofSeconds(60)).until(instance::isReady);
      workbench.sendBytes(0, "a", image, Map.of("content-type", "image/png"));
      await().atMost(Duration.ofSeconds(60)).until(() -> answers.poll() == 1);
      long before = warnings(instance);

      kafka.close();
      assertThat(instance.process().waitFor(AWAY_SECONDS, TimeUnit.SECONDS))
          .as("ended without its broker")
          .isFalse();

      long more = warnings(instance) - before;
      log.warn("{} warnings in {} s without a broker", more, AWAY_SECONDS);
      assertThat(more).isBetween(1L, (long) AWAY_SECONDS * MAX_A_SECOND);
    }
  }

  private static long warnings(RunProcess instance) throws Exception {
    return instance.log().lines().filter(line -> WARNING.matcher(line).find()).count();
  }
}

package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topology.Answers;
import dev.vmoe.streams.topology.Feeder;
import dev.vmoe.streams.topology.SteadyTime;
import dev.vmoe.streams.topology.Workbench;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** A system clock that steps back does not keep an instance from answering and committing. */
@Timeout(120)
class ClockStepIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration STEP = Duration.ofSeconds(60);

  /** What is answered within this did not wait for the clock to come round again. */
  private static final Duration SOON = Duration.ofSeconds(15);

  private static final int PARTITIONS = 2;
  private static final int A_SECOND = 200;

  private final AtomicLong backMs = new AtomicLong();
  private final Set<String> asked = ConcurrentHashMap.newKeySet();
  private final SteadyTime time =
      new SteadyTime(
          () -> {
            asked.add(Thread.currentThread().getName());
            return System.currentTimeMillis() - backMs.get();
          },
          System::nanoTime);

  @Test
  void shouldAnswerAndCommitAfterAStepBackAndWarnOnce() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(SteadyTime.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    try (Workbench workbench = Workbench.open(PARTITIONS);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = start(workbench, classifier);
        Answers answers = Answers.of(workbench);
        Feeder feeder = Feeder.start(workbench, PARTITIONS, A_SECOND)) {
      await().atMost(LIMIT).until(() -> answers.poll() >= A_SECOND);

      backMs.addAndGet(STEP.toMillis());
      int before = answers.poll();

      await("what came in after the step is answered and committed")
          .atMost(SOON)
          .until(() -> answers.poll() >= before + 5 * A_SECOND);
      int sent = feeder.stop();
      await().atMost(SOON).until(() -> answers.poll() >= sent);
      answers.assertExactlyOnce();
      assertThat(pipeline.failure()).isEmpty();
      assertThat(asked)
          .as("Kafka Streams goes by this clock")
          .anyMatch(thread -> thread.matches(".*app-[0-9a-f-]{36}-StreamThread.*"));
      assertThat(List.copyOf(log.list))
          .extracting(ILoggingEvent::getFormattedMessage)
          .singleElement()
          .asString()
          .startsWith("the system clock went back by ");
    } finally {
      logger.detachAppender(log);
    }
  }

  private Pipeline start(Workbench workbench, FakeClassifier classifier) {
    Settings settings = workbench.settings(Map.of());
    return Pipeline.start(
        settings,
        ModelSource.only(
            settings.getString(Settings.MODEL),
            classifier,
            new FakeDecoder(8 * 8 * 3),
            ControllerFactory.fixed()),
        Pipeline.metrics(new Meters(), classifier.card()),
        waiting -> {},
        () -> time);
  }
}

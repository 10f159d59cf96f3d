package dev.vmoe.streams.output;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RepeatedWarningsTest {

  private final AtomicLong nanos = new AtomicLong();
  private final LoggerContext context = new LoggerContext();
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final Logger network = context.getLogger("org.apache.kafka.clients.NetworkClient");

  RepeatedWarningsTest() {
    context.addTurboFilter(new RepeatedWarnings(nanos::get));
    lines.start();
    context.getLogger("ROOT").addAppender(lines);
  }

  private void away(int client, int node) {
    network.warn(
        "[Producer clientId=p-" + client + "] Connection to node " + node + " could not be made");
  }

  @Test
  void shouldLetAFewWarningsOfAKindPassInAWhile() {
    for (int i = 0; i < 500; i++) {
      away(i % 8, -i);
    }
    assertThat(lines.list).hasSize(RepeatedWarnings.MAX_PASSED);

    nanos.addAndGet(RepeatedWarnings.WHILE.toNanos());
    away(1, 1);

    assertThat(lines.list).hasSize(RepeatedWarnings.MAX_PASSED + 2);
    assertThat(lines.list.get(RepeatedWarnings.MAX_PASSED).getFormattedMessage())
        .isEqualTo("497 warnings like the next one were left out");
  }

  @Test
  void shouldLeaveOtherKindsErrorsAndOtherLoggersAlone() {
    for (int i = 0; i < 10; i++) {
      away(1, 1);
      network.error("Connection to node 1 could not be made");
      network.info("Connection to node 1 could not be made");
      context.getLogger("dev.vmoe.Any").warn("Connection to node 1 could not be made");
    }
    away(1, 1);
    network.warn("[Producer clientId=p-1] Bootstrap broker disconnected");

    assertThat(lines.list).hasSize(RepeatedWarnings.MAX_PASSED + 30 + 1);
  }

  @Test
  void shouldLeaveOutWhatIsSaidAtEveryStart() {
    Logger streams = context.getLogger("org.apache.kafka.streams.KafkaStreams");
    streams.warn(
        "stream-client [vmoe] A non-default kafka client supplier was supplied. Note that"
            + " supplying a custom main consumer is not supported with the STREAMS protocol.");
    assertThat(lines.list).isEmpty();

    streams.warn("stream-client [vmoe] Cannot transit to ERROR within 100ms");
    assertThat(lines.list).hasSize(1);
  }

  @Test
  void shouldNotMakeWarningsOfALoggerThatIsTurnedDown() {
    network.setLevel(Level.ERROR);

    away(1, 1);

    assertThat(lines.list).isEmpty();
  }

  @Test
  void shouldBeInTheLogOfThisProgram() throws Exception {
    LoggerContext own = new LoggerContext();
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(own);
    configurator.doConfigure(Objects.requireNonNull(LogOutput.class.getResource("/logback.xml")));

    assertThat(own.getTurboFilterList()).hasAtLeastOneElementOfType(RepeatedWarnings.class);
  }
}

package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.Prediction;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How much the processor has in flight, and which offsets may be committed meanwhile. */
class MicroBatchProcessorInFlightTest extends ProcessorFixture {

  @Test
  void shouldLetNoOffsetBeCommittedBeforeItsShareIsEmitted() {
    start();
    send("a", 1);
    send("b", 2);
    assertThat(committable(2)).isZero();

    awaitAnswers(2);

    assertThat(committable(2)).isEqualTo(2);
  }

  @Test
  void shouldForgetWhatIsInFlightWhenTheTaskCloses() {
    linger = Duration.ofMinutes(1);
    start();
    send("a", 1);
    assertThat(committable(2)).isZero();

    open.remove(driver);
    driver.close();

    assertThat(committable(2)).isEqualTo(2);
  }

  @Test
  void shouldWaitForItsOldestShareWhenTooMuchIsInFlight() {
    classifier = new FakeClassifier(Duration.ofMillis(50));
    batchImages = 1;
    inFlightImages = 2;
    start();
    send("a", 1);
    assertThat(predictions.isEmpty()).isTrue();

    send("b", 2);

    assertThat(predictions.readValue().getSourceOffset()).isZero();
    assertThat(predictions.isEmpty()).isTrue();
  }

  @Test
  void shouldHoldRatherThanTakeMoreThanTwiceTheLimitOrWaitBeyondTheBudget() {
    linger = Duration.ofSeconds(3);
    batchImages = 100;
    inFlightImages = 2;
    guard = guard(Duration.ofMillis(20), 0);
    start();
    send("a", 1);
    send("b", 2);
    assertThat(guard.thread().waitLeft()).isEqualTo(Duration.ZERO);
    send("c", 3);
    send("d", 4);
    send("e", 5);
    send("f", 6);

    assertThat(predictions.isEmpty()).as("the thread did not wait for answers").isTrue();
    assertThat(guard.queues().inFlightImages()).isEqualTo(4);
    assertThat(guard.queues().held()).isEqualTo(2);
    assertThat(committable(6)).isZero();
    awaitAnswers(6);
    assertThat(predictions.readValuesToList())
        .extracting(Prediction::getSourceOffset)
        .containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
  }

  @Test
  void shouldWaitWhenTheRecordsInFlightAreLarge() {
    classifier = new FakeClassifier(Duration.ofMillis(50));
    batchImages = 1;
    byte[] large = avro(1, "x".repeat(700));
    inFlightBytes = 2L * large.length;
    start();
    images.pipeInput(bytes("a"), large, NOON);
    images.pipeInput(bytes("b"), large, NOON);
    assertThat(predictions.isEmpty()).isTrue();
    assertThat(guard.queues().inFlightBytes()).isEqualTo(2L * large.length);

    images.pipeInput(bytes("c"), large, NOON);

    assertThat(predictions.readValue().getSourceOffset()).isZero();
    assertThat(guard.queues().inFlightBytes()).isLessThanOrEqualTo(inFlightBytes);
    awaitAnswers(2);
    assertThat(guard.queues().inFlightBytes()).isZero();
  }

  @Test
  void shouldAccountForNothingOnceTheTaskIsClosed() {
    linger = Duration.ofMinutes(1);
    start();
    send("a", 1);
    images.pipeInput(bytes("b"), bytes("rubbish"), NOON);
    assertThat(guard.queues().inFlightBytes()).isPositive();

    open.remove(driver);
    driver.close();

    assertThat(guard.queues().inFlightBytes()).isZero();
  }

  @Test
  void shouldNotWaitOnceTheInstanceStops() {
    linger = Duration.ofMinutes(1);
    inFlightImages = 1;
    start();
    admission.stop();

    send("a", 1);
    send("b", 2);
    send("c", 3);

    assertThat(predictions.isEmpty()).isTrue();
  }

  @Test
  void shouldTakeBackAnOffsetWhoseProcessFailed() {
    classifier.failNext(1);
    inFlightImages = 1;
    start();

    assertThatThrownBy(() -> send("a", 1)).hasStackTraceContaining("told to fail");
    assertThat(guard.queues().owned().get(IMAGES).firstNotEmitted()).isEmpty();
  }
}

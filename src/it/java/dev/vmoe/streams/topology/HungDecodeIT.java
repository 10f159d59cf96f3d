package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.settings.Settings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.streams.KafkaStreams;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An image on which the decoder never returns is set apart, and nothing else is. */
@Timeout(120)
class HungDecodeIT {

  private static final int PARTITIONS = 2;
  private static final int IMAGES = 400;
  private static final int HANGS = 77;

  /** Hangs on images of one grey, as native code does: it cannot be interrupted. */
  private record HangingDecoder(FakeDecoder inner, CountDownLatch release) implements ImageDecoder {
    @Override
    public void decode(byte[] encoded, ByteBuffer images, int slot) throws BadImageException {
      while (encoded[0] == HANGS && release.getCount() > 0) {
        LockSupport.parkNanos(1_000_000);
      }
      inner.decode(encoded, images, slot);
    }
  }

  @Test
  void shouldSetTheImageApartAndAnswerEverythingElse() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    HangingDecoder decoder = new HangingDecoder(new FakeDecoder(8 * 8 * 3), release);
    try (Workbench workbench = Workbench.open(PARTITIONS);
        FakeClassifier classifier = new FakeClassifier()) {
      Settings settings = workbench.settings(Map.of("decode.timeout.ms", 500));
      try (Pipeline one = Pipeline.start(settings, classifier, decoder);
          Pipeline other = Pipeline.start(settings, classifier, decoder);
          Answers answers = Answers.of(workbench)) {
        for (int i = 0; i < IMAGES; i++) {
          boolean hangs = i == IMAGES / 2;
          workbench.send(
              i % PARTITIONS,
              hangs ? "hangs" : "image " + i,
              FakeDecoder.grey(hangs ? HANGS : i % HANGS));
        }
        workbench.flush();
        await().atMost(Duration.ofSeconds(90)).until(() -> answers.poll() >= IMAGES);

        answers.assertExactlyOnce();
        assertThat(Answers.keys(answers.letters)).containsExactly("hangs");
        assertThat(Answers.header(answers.letters.records.get(0), DeadLetter.EXCEPTION))
            .isEqualTo("dev.vmoe.Timeout");
        assertThat(Answers.header(answers.letters.records.get(0), DeadLetter.MESSAGE))
            .isEqualTo("timeout: not decoded within 500 ms (decode.timeout.ms)");
        assertThat(one.failure()).isEmpty();
        assertThat(other.failure()).isEmpty();
        assertThat(one.state()).isEqualTo(KafkaStreams.State.RUNNING);
        assertThat(other.state()).isEqualTo(KafkaStreams.State.RUNNING);
      } finally {
        release.countDown();
      }
    }
  }
}

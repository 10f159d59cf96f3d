package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.event.Prediction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Instances as they are run, with a decoder that never returns from some images. */
@Timeout(240)
class HungDecodeProcessesIT {

  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final Map<String, String> RAW = Map.of("content-type", "image/png");
  private static final Map<String, Object> SETTINGS = Map.of("decode.timeout.ms", 2000);
  private static final String HANGS = "hangs";

  /** Stands in for the decoder of this name; cannot be interrupted, as native code cannot. */
  private static final String DECODER =
      """
      package dev.vmoe.core.image;

      import java.nio.ByteBuffer;
      import java.util.concurrent.locks.LockSupport;

      public final class OpenCvDecoder implements ImageDecoder {
        private final int bytes;

        public OpenCvDecoder(Preprocessing preprocessing, DecoderLimits limits) {
          bytes = preprocessing.slotBytes();
        }

        @Override
        public void decode(byte[] encoded, ByteBuffer images, int slot) {
          while (encoded[0] == 'h') {
            LockSupport.parkNanos(1_000_000);
          }
          for (int i = 0; i < bytes; i++) {
            images.put(slot * bytes + i, encoded[0]);
          }
        }
      }
      """;

  @TempDir static Path folder;
  private static Path classes;

  @BeforeAll
  static void compile() throws IOException {
    classes = Files.createDirectory(folder.resolve("classes"));
    Path source = Files.writeString(folder.resolve("OpenCvDecoder.java"), DECODER);
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                source.toString());
    assertThat(code).isZero();
  }

  private static RunProcess start(String name, Workbench workbench) throws IOException {
    return RunProcess.start(folder.resolve(workbench.prefix + name), classes, workbench, SETTINGS);
  }

  private static void send(Workbench workbench, int partition, String key) {
    workbench.sendBytes(partition, key, key.getBytes(StandardCharsets.UTF_8), RAW);
  }

  @Test
  void shouldSetOneImageApartWhileBothInstancesGoOn() throws Exception {
    int partitions = 2;
    int images = 400;
    try (Workbench workbench = Workbench.open(partitions);
        RunProcess one = start("one", workbench);
        RunProcess other = start("other", workbench);
        Answers answers = Answers.of(workbench)) {
      await("both read").atMost(LIMIT).until(() -> one.isReady() && other.isReady());
      for (int i = 0; i < images; i++) {
        send(workbench, i % partitions, i == images / 2 ? HANGS : "image " + i);
      }
      workbench.flush();
      await().atMost(LIMIT).until(() -> answers.poll() >= images);

      answers.assertExactlyOnce();
      answers.assertInOrder();
      assertThat(Answers.keys(answers.letters)).containsExactly(HANGS);
      assertThat(Answers.header(answers.letters.records.get(0), DeadLetter.EXCEPTION))
          .isEqualTo("dev.vmoe.Timeout");
      Set<Integer> answered = new HashSet<>();
      answers.predictions.read.stream().map(Prediction::getSourcePartition).forEach(answered::add);
      assertThat(answered).hasSize(partitions);
      assertThat(one.status("health/live")).isEqualTo(200);
      assertThat(other.status("health/live")).isEqualTo(200);
      assertThat(hung(one) + hung(other)).isEqualTo(1);
    }
  }

  private static double hung(RunProcess instance) throws IOException, InterruptedException {
    return instance.scrape().value("vmoe_decode_threads_hung");
  }

  @Test
  void shouldEndAloudAtTheThirdAndLeaveNoneOfThemToTheNext() throws Exception {
    int images = 60;
    try (Workbench workbench = Workbench.open(1);
        RunProcess one = start("one", workbench);
        Answers answers = Answers.of(workbench)) {
      await().atMost(LIMIT).until(one::isReady);
      for (int i = 0; i < images; i++) {
        send(workbench, 0, i % 10 == 5 && i < 30 ? HANGS + " " + i : "image " + i);
      }
      workbench.flush();
      Set<Integer> health = new HashSet<>();
      await()
          .atMost(LIMIT)
          .pollInterval(Duration.ofMillis(10))
          .until(
              () -> {
                health.add(one.status("health/live"));
                return !one.process().isAlive();
              });

      assertThat(one.process().exitValue()).isEqualTo(1);
      assertThat(health).as("it says that it is not live before it ends").contains(503);
      assertThat(one.log())
          .contains(
              "the instance stops; other instances answer its images",
              "3 decode threads hang, each on an image that was not decoded within"
                  + " decode.timeout.ms = 2000",
              "the pipeline gave up");

      try (RunProcess next = start("next", workbench)) {
        await().atMost(LIMIT).until(() -> next.isReady() && answers.poll() >= images);
        answers.assertExactlyOnce();
        answers.assertInOrder();
        assertThat(Answers.keys(answers.letters))
            .containsExactly(HANGS + " 5", HANGS + " 15", HANGS + " 25");
        assertThat(next.status("health/live")).isEqualTo(200);
        assertThat(hung(next)).isZero();
      }
    }
  }
}

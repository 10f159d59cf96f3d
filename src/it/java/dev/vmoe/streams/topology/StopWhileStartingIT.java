package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process that is told to stop while it starts ends in order, whatever it is doing. */
@Timeout(300)
class StopWhileStartingIT {

  private static final int STOPS = 20;
  private static final int AT_ONCE = 2;
  private static final long SEED = 7;
  private static final int FIRST_MS = 4_000;

  /** {@code stop.timeout.ms}, and time for the end of the JVM. */
  private static final Duration BOUND = Duration.ofSeconds(25 + 3);

  private static final int TERMINATED = 143;

  private static final Logger log = LoggerFactory.getLogger(StopWhileStartingIT.class);

  @TempDir private Path folder;

  @Test
  void shouldEndInOrderWheneverItIsToldTo() throws Exception {
    Random random = new Random(SEED);
    ExecutorService executor = Executors.newFixedThreadPool(AT_ONCE);
    try (Workbench workbench = Workbench.open(1)) {
      List<Future<Void>> stops = new ArrayList<>();
      for (int i = 0; i < STOPS; i++) {
        int momentMs = random.nextInt(FIRST_MS);
        Path its = folder.resolve(Integer.toString(i));
        stops.add(executor.submit(stopAt(momentMs, its, workbench)));
      }
      for (Future<Void> stop : stops) {
        stop.get();
      }
    } finally {
      executor.shutdownNow();
      executor.awaitTermination(1, TimeUnit.MINUTES); // each closes its process first
    }
  }

  private static Callable<Void> stopAt(int momentMs, Path folder, Workbench workbench) {
    return () -> {
      Map<String, Object> settings = Map.of("cost.survey.ms", 2_000);
      try (RunProcess instance = RunProcess.start(folder, null, workbench, settings)) {
        Process process = instance.process();
        assertThat(process.waitFor(momentMs, TimeUnit.MILLISECONDS)).isFalse();
        long askedNanos = System.nanoTime();
        process.destroy(); // SIGTERM

        assertThat(process.waitFor(BOUND.toMillis(), TimeUnit.MILLISECONDS))
            .as("told to stop after %d ms, ended within %s", momentMs, BOUND)
            .isTrue();
        log.warn(
            "told to stop after {} ms, ended {} ms later",
            momentMs,
            Duration.ofNanos(System.nanoTime() - askedNanos).toMillis());
        assertThat(process.exitValue())
            .as("told to stop after %d ms:%n%s", momentMs, instance.log())
            .isEqualTo(TERMINATED);
        assertThat(files(folder)).as("what a crash leaves").containsExactly("log");
      }
      return null;
    };
  }

  private static List<String> files(Path folder) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}

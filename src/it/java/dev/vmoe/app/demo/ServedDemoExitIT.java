package dev.vmoe.app.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.ChildCommand;
import dev.vmoe.app.cli.VmoeCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code vmoe demo --serve} in its own process, stopped like by Ctrl-C. */
class ServedDemoExitIT {

  @TempDir Path folder;

  @Test
  void shouldSumUpWhenItIsToldToStop() throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    List<String> command =
        ChildCommand.of(
            VmoeCommand.class, "-Xmx384m", "-Dvmoe.home=" + System.getProperty("vmoe.home"));
    command.addAll(NextStep.all().get(0).arguments()); // what the demo says to do next
    assertThat(command).contains("--serve");
    command.addAll(List.of("--port=0", "--rate=50"));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      await()
          .atMost(Duration.ofSeconds(90))
          .until(() -> Files.readString(err).contains("live page at http://127.0.0.1:"));

      process.destroy(); // SIGTERM

      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(Files.readString(out)).contains("0 answered twice", "throughput", "dropped");
      assertThat(Files.readString(err)).doesNotContain("giving up", "vmoe:");
    } finally {
      process.destroyForcibly();
    }
  }
}

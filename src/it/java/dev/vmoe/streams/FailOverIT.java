package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.event.Prediction;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** How long a partition waits for its next prediction after its instance was killed. */
class FailOverIT {

  private static final Duration LIMIT = Duration.ofSeconds(15);

  @Test
  void shouldAnswerSoonAfterAnInstanceWasKilledAndAnotherStarted() throws Exception {
    try (Workbench workbench = Workbench.open(2);
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Feeder feeder = Feeder.start(workbench, 2, 100);
        Instance victim = Instance.start(properties(workbench));
        Instance successor = Instance.hold(properties(workbench))) {
      await("first predictions")
          .atMost(Duration.ofSeconds(60))
          .until(() -> predictions.poll().size() > 100);
      victim.kill();
      successor.go();
      long killNanos = System.nanoTime();
      Duration failOver =
          ExactlyOnceIT.awaitEach(predictions, Set.of(0, 1), "killed and restarted", killNanos);
      assertThat(failOver).isLessThan(LIMIT);
    }
  }

  @Test
  void shouldAnswerSoonAfterAnInstanceWasKilledBesideAnother() throws Exception {
    try (Workbench workbench = Workbench.open(2);
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Feeder feeder = Feeder.start(workbench, 2, 100);
        Instance victim = Instance.start(properties(workbench))) {
      await("first predictions")
          .atMost(Duration.ofSeconds(60))
          .until(() -> predictions.poll().size() > 100);
      String victims = ExactlyOnceIT.instanceOf(predictions.read.get(0));
      try (Instance survivor = Instance.start(properties(workbench))) {
        ExactlyOnceIT.awaitNew(predictions, p -> !ExactlyOnceIT.instanceOf(p).equals(victims));
        Set<Integer> orphaned = ExactlyOnceIT.ownedBy(victims, predictions.pollToEnd());
        victim.kill();
        long killNanos = System.nanoTime();
        Duration failOver =
            ExactlyOnceIT.awaitEach(predictions, orphaned, "killed beside another", killNanos);
        assertThat(failOver).isLessThan(LIMIT);
      }
    }
  }

  private static Map<String, Object> properties(Workbench workbench) {
    Map<String, Object> properties = new HashMap<>();
    for (String setting : System.getProperty("vmoe.test.settings", "").split(",")) {
      if (!setting.isEmpty()) {
        properties.put(setting.split("=")[0], setting.split("=")[1]);
      }
    }
    return workbench.properties(properties);
  }
}

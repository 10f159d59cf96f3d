package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An image that kills each process which decodes it is set apart, and nothing else is. */
@Timeout(240)
class PoisonIT {

  private static final int PARTITIONS = 2;
  private static final int IMAGES = 200;
  private static final int DEADLY = 77;

  /** Among the first images, so that no process gets past others before it ends. */
  private static final int POSITION = 10;

  /** Two more than are counted: a process may answer some images before it ends. */
  private static final int MAX_DEATHS = 6;

  @Test
  void shouldSetTheImageApartAndAnswerEverythingElseInOrder() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench)) {
      byte[] deadly = null;
      for (int i = 0; i < IMAGES; i++) {
        boolean kills = i == POSITION;
        byte[] value =
            workbench.send(
                i % PARTITIONS,
                kills ? "deadly" : "image " + i,
                FakeDecoder.grey(kills ? DEADLY : i % DEADLY));
        deadly = kills ? value : deadly;
      }
      workbench.flush();
      int deaths = 0;
      while (answers.poll() < IMAGES) {
        try (Instance instance = Instance.start(properties(workbench))) {
          await()
              .atMost(Duration.ofSeconds(60))
              .until(() -> answers.poll() >= IMAGES || instance.died());
          deaths += instance.died() ? 1 : 0;
        }
        assertThat(deaths).isLessThanOrEqualTo(MAX_DEATHS);
        // The next one need not wait until the session of the dead one has timed out.
        workbench
            .admin
            .removeMembersFromConsumerGroup(
                workbench.prefix + "app", new RemoveMembersFromConsumerGroupOptions())
            .all()
            .get();
      }

      answers.assertExactlyOnce();
      assertThat(deaths).isGreaterThanOrEqualTo(4);
      assertThat(Answers.keys(answers.letters)).containsExactly("deadly");
      assertThat(answers.letters.records.get(0).value()).isEqualTo(deadly);
      assertThat(Answers.header(answers.letters.records.get(0), DeadLetter.EXCEPTION))
          .isEqualTo("dev.vmoe.Poison");
      assertThat(Answers.header(answers.letters.records.get(0), DeadLetter.MESSAGE))
          .startsWith("poison: 4 processes in a row ended while they worked on it");
      answers.assertInOrder();
    }
  }

  private static Map<String, Object> properties(Workbench workbench) {
    return workbench.properties(
        Map.of(
            Instance.DEADLY_GREY,
            DEADLY,
            "streams.num.stream.threads",
            2,
            "batch.max.images",
            4,
            "producer.transaction.timeout.ms",
            2_000));
  }
}

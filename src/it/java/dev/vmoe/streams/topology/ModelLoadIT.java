package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.streams.config.ConfigConflictException;
import dev.vmoe.streams.config.ConfigWriter;
import dev.vmoe.streams.config.LiveConfiguration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.streams.KafkaStreams;
import org.junit.jupiter.api.Test;

/** Which models an instance loads as records name them, and what goes on while it loads one. */
class ModelLoadIT extends ModelChangeFixture {

  @Test
  void shouldLetOtherRecordsPassWhileAModelIsLoaded() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Answers answers = Answers.of(workbench);
        Running running = new Running(workbench)) {
      LiveConfiguration configuration = running.pipeline.configuration();
      long slow = workbench.configure(model(SLOW).build());
      await().atMost(LIMIT).until(() -> running.models.waiting.get() == 1);
      assertThat(configuration.newestWaiting().orElseThrow().offset()).isEqualTo(slow);
      assertThat(configuration.seen()).isEqualTo(new ConfigWriter.Seen(null, null, Map.of()));
      assertThatExceptionOfType(ConfigConflictException.class)
          .as("a change by who sees what is in force, not what waits")
          .isThrownBy(() -> lower(workbench, configuration.seen()));
      long outside = workbench.configure(model("../" + LARGE).build());
      running.awaitRefusal(outside, "is no model's name");
      assertThat(configuration.newestWaiting().orElseThrow().offset()).isEqualTo(slow);
      assertThat(configuration.seen()).isEqualTo(new ConfigWriter.Seen(null, null, Map.of()));
      long meanwhile = workbench.configure(model(SMALL).setCapacityRatio(0.5).build());
      running.awaitVersion(meanwhile);
      await("all is seen")
          .atMost(LIMIT)
          .until(() -> Objects.equals(configuration.seen().lastOffset(), meanwhile));
      assertThat(configuration.seen().inForce())
          .isEqualTo(Map.of("model", SMALL, "capacity.ratio", "0.5"));
      assertThat(configuration.newestWaiting()).isEmpty();
      workbench.send(0, "a", FakeDecoder.grey(1));
      workbench.flush();
      awaitAnswersBy(answers, SMALL, 1);
      assertThat(answers.predictions.read.get(0).getRequestedCapacityRatio()).isEqualTo(0.5);
      running.models.slow.release();
      await("what was superseded is given back")
          .atMost(LIMIT)
          .until(() -> running.models.closed.contains(SLOW));
      assertThat(running.version()).isEqualTo(meanwhile);
      assertThat(lower(workbench, configuration.seen())).isPresent();

      workbench.configure(model(SLOW).build());
      await().atMost(LIMIT).until(() -> running.models.waiting.get() == 2);
      long behind = workbench.configure(model(LARGE).build());
      long refused = workbench.configure(model(CORRUPT).build());
      running.models.slow.release();
      running.awaitRefusal(refused, "cannot load");
      running.awaitVersion(behind);
      assertThat(running.pipeline.card().name()).isEqualTo(LARGE);
      workbench.configure((byte[]) null);
      running.awaitVersion(null);
      assertThat(running.pipeline.card().name()).isEqualTo(SMALL);
    }
  }

  private static Optional<ConfigWriter.Written> lower(Workbench workbench, ConfigWriter.Seen seen) {
    return workbench
        .configWriter()
        .editSeen(
            seen,
            inForce -> {
              inForce.put("capacity.ratio", "0.25");
              return inForce;
            },
            "it",
            null);
  }

  @Test
  void shouldEndOnlyOnceTheModelThatIsBeingLoadedIsGivenBack() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Running running = new Running(workbench)) {
      workbench.configure(model(SLOW).build());
      await().atMost(LIMIT).until(() -> running.models.waiting.get() == 1);
      Thread closing = new Thread(running.pipeline::close, "closing");
      closing.start();
      await("the stream threads have ended")
          .atMost(LIMIT)
          .until(() -> running.pipeline.state() == KafkaStreams.State.NOT_RUNNING);

      closing.join(1_000);
      assertThat(closing.isAlive()).as("waits for the load").isTrue();
      running.models.slow.release();
      closing.join(LIMIT.toMillis());

      assertThat(closing.isAlive()).isFalse();
      assertThat(running.models.closed).containsExactlyInAnyOrder(SLOW, SMALL);
      assertThat(running.version()).isNull();
    }
  }

  @Test
  void shouldStartWithTheModelOfTheLastValidRecordAndLoadNoOther() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Answers answers = Answers.of(workbench)) {
      workbench.configure(model(SLOW).build());
      workbench.configure(model(LARGE).build());
      workbench.configure(model(CORRUPT).build());
      workbench.send(0, "a", FakeDecoder.grey(1));
      workbench.flush();
      try (Running running = new Running(workbench)) {
        assertThat(running.version()).isEqualTo(1);
        awaitAnswersBy(answers, LARGE, 1);
        assertThat(running.models.loaded).containsExactly(LARGE);
        assertThat(running.models.waiting).as("loads of an older record's model").hasValue(0);
        assertThat(running.pipeline.configuration().lastRefused()).isPresent();
      }
      assertThat(answers.predictions.read).hasSize(1);
    }
  }
}

package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.metrics.Exposition;
import dev.vmoe.streams.metrics.Scrape;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * A record of the configuration topic changes the model: V-MoEs of other image sizes, classes,
 * layers and experts, a dense ViT, and an ONNX classifier of another origin, in real sessions.
 */
class ModelChangeIT extends ModelChangeFixture {

  private static final int PARTITIONS = 4;

  @Test
  void shouldChangeTheModelUnderLoadOnAllInstancesWithoutLosingAnImage() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench);
        Feeder feeder = Feeder.start(workbench, PARTITIONS, 300);
        Running one = new Running(workbench);
        Running two = new Running(workbench)) {
      awaitAnswersBy(answers, SMALL, 200);

      one.models.failures.set(1); // a stream thread dies in the middle of it
      changeTo(DENSE, workbench, answers, one, two);
      changeTo(ONNX, workbench, answers, one, two);
      two.models.failures.set(1);
      changeTo(DENSE, workbench, answers, one, two);
      changeTo(SMALL, workbench, answers, one, two);
      changeTo(LARGE, workbench, answers, one, two);
      for (Running running : List.of(one, two)) {
        await("the old ones are closed")
            .atMost(LIMIT)
            .until(() -> running.models.closed.size() == running.models.loaded.size() - 1);
        assertThat(running.models.unexpected).as("no model is closed under a batch").isEmpty();
        assertThat(running.models.loaded).containsExactly(SMALL, DENSE, ONNX, DENSE, SMALL, LARGE);
        Scrape scrape = running.scrape();
        assertThat(scrape.sum("vmoe_model_info{")).isEqualTo(1);
        assertThat(scrape.sum("vmoe_model_info{model=\"large\"")).isEqualTo(1);
        assertThat(scrape.sum("vmoe_stream_thread_failures_total")).isPositive();
        String text = running.meters.scrape(Exposition.PROMETHEUS);
        assertThat(text)
            .contains("vmoe_expert_choices_assigned_total{expert=\"1\",layer=\"2\"}")
            .doesNotContain("layer=\"1\"", "expert=\"2\"");
      }

      int sent = feeder.stop();
      await("all answers").atMost(LIMIT).until(() -> answers.poll() >= sent);
      answers.assertExactlyOnce();
      assertEachBatchHasOneModel(answers.predictions.read);
      assertThat(one.pipeline.failure()).isEmpty();
      assertThat(two.pipeline.failure()).isEmpty();
    }
  }

  private static void changeTo(
      String name, Workbench workbench, Answers answers, Running one, Running two)
      throws Exception {
    int before = answersBy(answers, name);
    long version = workbench.configure(model(name).build());
    one.awaitVersion(version);
    two.awaitVersion(version);
    assertThat(one.pipeline.card().name()).isEqualTo(name);
    awaitAnswersBy(answers, name, before + 200);
  }

  private static void assertEachBatchHasOneModel(List<Prediction> predictions) {
    Map<String, String> models = new HashMap<>();
    Map<String, Set<String>> hashes = new HashMap<>();
    for (Prediction it : predictions) {
      String model = models.merge(it.getBatchId(), it.getModel(), (a, b) -> a.equals(b) ? a : "");
      assertThat(model).as("batch %s", it.getBatchId()).isEqualTo(it.getModel());
      hashes.computeIfAbsent(it.getModel(), any -> new HashSet<>()).add(it.getWeightsHash());
      assertThat(it.getTop()).hasSize(5);
      assertThat(it.getTop().get(0).getIndex()).isLessThan(it.getModel().equals(LARGE) ? 7 : 5);
    }
    assertThat(hashes).hasSize(4).allSatisfy((model, its) -> assertThat(its).hasSize(1));
    assertThat(hashes.values().stream().flatMap(Set::stream).collect(Collectors.toSet()))
        .hasSize(4);
  }

  @Test
  void shouldRefuseAModelThatCannotBeServedAndKeepTheOneThatIs() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Answers answers = Answers.of(workbench);
        Running running = new Running(workbench)) {
      long missing = workbench.configure(model("missing").build());
      running.awaitRefusal(missing, "no model 'missing'");
      long outside = workbench.configure(model("../" + LARGE).build());
      running.awaitRefusal(outside, "'../large' is no model's name");
      long corrupt = workbench.configure(model(CORRUPT).build());
      running.awaitRefusal(corrupt, "cannot load");
      assertThat(running.version()).isNull();
      workbench.send(0, "a", FakeDecoder.grey(1));
      workbench.flush();
      awaitAnswersBy(answers, SMALL, 1);
      assertThat(answers.predictions.read.get(0).getConfigurationVersion()).isNull();
      long huge = workbench.configure(model(LARGE).setBatchMaxImages(4096).build());
      running.awaitVersion(huge); // 7 MB a buffer: not too much
      assertThat(running.scrape().value("vmoe_configurations_refused_total")).isEqualTo(3);
      workbench.send(0, "a", FakeDecoder.grey(1));
      workbench.flush();
      awaitAnswersBy(answers, LARGE, 1);
      assertThat(running.models.loaded).containsExactly(SMALL, LARGE);
    }
  }
}

package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.config.ConfigEntry;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.instance.SettingsModels;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.Settings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigCommandIT {

  private final String brokers = SharedServers.kafka().bootstrapServers();
  private final String registryUrl = SharedServers.registry().url();

  @TempDir Path models;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void shouldShowWhatIsInForceAndWhereItComesFrom() throws Exception {
    assertThat(run("show.", "topics", "create")).isZero();
    assertThat(run("show.", "config", "show")).isZero();
    assertThat(out.toString())
        .containsPattern("capacity.ratio +1.05 +settings file")
        .doesNotContain("configuration", "refused");

    assertThat(
            run(
                "show.",
                "config",
                "set",
                "capacity.ratio=0.50",
                "routing=vanilla",
                "--note",
                "black friday",
                "--author",
                "ann"))
        .isZero();
    assertThat(out.toString())
        .isEqualToIgnoringNewLines(
            "configuration 0: capacity.ratio 1.05 → 0.5, routing bpr → vanilla");
    writeRubbish("show.config");

    assertThat(run("show.", "config", "show")).isZero();
    assertThat(out.toString())
        .containsPattern("capacity.ratio +0.5 +configuration 0")
        .containsPattern("routing +vanilla +configuration 0")
        .containsPattern("batch.max.images +32 +settings file")
        .contains("configuration 0, written 20", "by ann: black friday")
        .contains("last refused: 2, written 20", "is not Avro");

    assertThat(run("show.", "config", "show", "--json")).isZero();
    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("version").longValue()).isZero();
    assertThat(json.at("/record/note").textValue()).isEqualTo("black friday");
    assertThat(json.get("settings").get("capacity.ratio").get("value").textValue())
        .isEqualTo("0.5");
    assertThat(json.get("settings").get("batch.max.images").get("from").textValue())
        .isEqualTo("settings file");
    assertThat(json.at("/last_refused/offset").longValue()).isEqualTo(2);
  }

  @Test
  void shouldJudgeAModelAsInstancesDo() throws Exception {
    byte[] graph = Files.readAllBytes(BundledModels.twin());
    for (String name : List.of("good", "other")) {
      Files.write(Files.createDirectories(models.resolve(name)).resolve("model.onnx"), graph);
    }
    String folder = "models.dir=" + models;
    run("model.", "topics", "create");
    assertThat(run("model.", "config", "set", "model=good", "--set", folder)).isZero();
    assertThat(run("model.", "config", "set", "model=other", "--set", folder)).isZero();
    spoil(models.resolve("other/model.onnx"));

    assertThat(run("model.", "config", "show", "--set", folder)).isZero();
    assertThat(out.toString())
        .containsPattern("model +good +configuration 0")
        .containsPattern("last refused: 2, .*: model: cannot load .*other");
    assertThat(run("model.", "config", "set", "model=other", "--set", folder))
        .as("a model that nobody can load")
        .isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("cannot load");
    assertThat(run("model.", "config", "set", "model=", "capacity.ratio=0.5", "--set", folder))
        .isZero();
  }

  /**
   * Show, set, doctor and an instance: record 2 sets the routing, and a model that loads nowhere.
   */
  @Test
  void shouldAgreeWithInstancesOnTheRecordInForce() throws Exception {
    for (String name : List.of("good", "other")) {
      Files.copy(
          BundledModels.twin(),
          Files.createDirectories(models.resolve(name)).resolve("model.onnx"));
    }
    String[] set = {
      "--set", "models.dir=" + models,
      "--set", "model=" + BundledModels.vmoe(),
      "--set", "device=cpu",
      "--set", "console.port=0",
      "--set", "cost.survey.ms=0",
      "--set", "inference.runs=1"
    };
    run("agree.", "topics", "create");
    assertThat(run("agree.", set, "config", "set", "model=good")).isZero();
    assertThat(run("agree.", set, "config", "set", "model=other", "routing=vanilla")).isZero();
    spoil(models.resolve("other/model.onnx"));

    assertInForce(set, 0, "{model=good}");
    assertThat(run("agree.", set, "config", "show")).isZero();
    assertThat(out.toString()).containsPattern("last refused: 2, .*: model: cannot load .*other");
    assertThat(run("agree.", set, "config", "set", "capacity.ratio=0.5")).as("%s", err).isZero();
    assertThat(err.toString())
        .as("nothing is left out in silence")
        .contains("configuration 2 counts as refused", "cannot load");
    assertThat(out.toString())
        .isEqualToIgnoringNewLines("configuration 4: capacity.ratio 1.05 → 0.5");
    assertInForce(set, 4, "{capacity.ratio=0.5, model=good}");
  }

  private void assertInForce(String[] set, long offset, String overrides) throws Exception {
    assertThat(run("agree.", set, "config", "show")).isZero();
    assertThat(out.toString())
        .containsPattern("model +good +configuration " + offset)
        .containsPattern("routing +bpr +settings file");
    assertThat(run("agree.", set, "doctor")).as("%s", out).isZero();
    assertThat(out.toString()).contains("configuration " + offset + " is in force: " + overrides);
    Settings settings = settings("agree.", set);
    try (Meters meters = new Meters();
        Pipeline pipeline = instance(settings, Pipeline.metrics(meters))) {
      ConfigEntry inForce = pipeline.configuration().inForce().orElseThrow();
      assertThat(inForce.offset()).isEqualTo(offset);
      assertThat(new TreeMap<>(inForce.overrides())).hasToString(overrides);
      assertThat(pipeline.configuration().current().version()).isEqualTo(offset);
    }
  }

  private static Pipeline instance(Settings settings, PipelineMetrics metrics) {
    Progress progress = new Progress(new PrintWriter(new StringWriter()));
    return Pipeline.start(
        settings, new SettingsModels(settings, metrics, progress, () -> {}), metrics);
  }

  private static void spoil(Path graph) throws Exception {
    // What it says about itself can be read; only loading it shows that it is broken.
    String text = Files.readString(graph, StandardCharsets.ISO_8859_1);
    Files.writeString(graph, text.replace("MatMul", "NatMul"), StandardCharsets.ISO_8859_1);
  }

  @Test
  void shouldGiveSettingsBackToTheSettingsFile() {
    run("back.", "topics", "create");
    run("back.", "config", "set", "capacity.ratio=0.5", "routing=vanilla", "batch.max.images=8");

    assertThat(run("back.", "config", "set", "routing=", "batch.max.images=default")).isZero();
    run("back.", "config", "show");
    assertThat(out.toString())
        .containsPattern("routing +bpr +settings file")
        .containsPattern("batch.max.images +32 +settings file")
        .containsPattern("capacity.ratio +0.5 +configuration 2");

    assertThat(run("back.", "config", "set", "capacity.ratio=0.50")).isZero();
    assertThat(out.toString()).isEqualToIgnoringNewLines("nothing to change");
    assertThat(run("back.", "config", "reset")).isZero();
    assertThat(out.toString())
        .isEqualToIgnoringNewLines("configuration 4: capacity.ratio 0.5 → 1.05");
    run("back.", "config", "show", "--json");
    assertThat(out.toString()).contains("\"version\":null");
  }

  @Test
  void shouldTellTheHistory() throws Exception {
    run("past.", "topics", "create");
    run("past.", "config", "set", "capacity.ratio=0.5", "--author", "ann", "--note", "first");
    writeRubbish("past.config");
    run("past.", "config", "set", "capacity.ratio=0.25", "--author", "bob");
    run("past.", "config", "reset", "--author", "cid", "--note", "enough");

    assertThat(run("past.", "config", "history")).isZero();
    assertThat(out.toString().lines()).hasSize(5);
    assertThat(out.toString())
        .containsPattern("(?m)^ +0 .*ann +first +capacity.ratio 1.05 → 0.5$")
        .containsPattern("(?m)^ +2 .*refused: the value \\(3 bytes\\) is not Avro")
        .containsPattern("(?m)^ +3 .*bob +capacity.ratio 0.5 → 0.25$")
        .containsPattern("(?m)^ +5 .*cid +enough +capacity.ratio 0.25 → 1.05$");

    assertThat(run("past.", "config", "history", "--last", "1", "--json")).isZero();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      lines.add(new ObjectMapper().readTree(line));
    }
    assertThat(lines).hasSize(1);
    assertThat(lines.get(0).get("author").textValue()).isEqualTo("cid");
    assertThat(lines.get(0).get("refused").isNull()).isTrue();
  }

  @Test
  void shouldWriteNothingThatEveryInstanceWouldRefuse() {
    run("wrong.", "topics", "create");

    assertThat(run("wrong.", "config", "set", "capacity.ratio.min=0.5", "capacity.ratio.max=0.25"))
        .isEqualTo(2);
    assertThat(err.toString())
        .isEqualToIgnoringNewLines("vmoe: capacity.ratio.min 0.5 is above capacity.ratio.max 0.25");
    run("wrong.", "config", "history");
    assertThat(out.toString().lines()).hasSize(1);
  }

  @Test
  void shouldSayThatTheTopicIsMissing() {
    assertThat(run("unset.", "config", "show")).isEqualTo(1);
    assertThat(err.toString()).contains("topic unset.config does not exist; `vmoe topics create`");
  }

  /** Writes behind the marker that ends the transaction before, so that offsets are known. */
  private void writeRubbish(String topic) throws Exception {
    TopicPartition partition = new TopicPartition(topic, 0);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
      await()
          .until(
              () ->
                  end(admin, partition, IsolationLevel.READ_COMMITTED)
                      == end(admin, partition, IsolationLevel.READ_UNCOMMITTED));
    }
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", brokers),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer
          .send(new ProducerRecord<>(topic, 0, null, "bad".getBytes(StandardCharsets.UTF_8)))
          .get();
    }
  }

  private static long end(Admin admin, TopicPartition partition, IsolationLevel level)
      throws Exception {
    return admin
        .listOffsets(Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(level))
        .partitionResult(partition)
        .get()
        .offset();
  }

  private int run(String prefix, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(
        List.of(
            "--bootstrap-server",
            brokers,
            "--registry",
            registryUrl,
            "--set",
            "topic.prefix=" + prefix));
    return run(all);
  }

  private int run(String prefix, String[] set, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of(set));
    return run(prefix, all.toArray(String[]::new));
  }

  private Settings settings(String prefix, String[] set) {
    Map<String, String> values = new HashMap<>();
    for (int i = 1; i < set.length; i += 2) {
      values.put(
          set[i].substring(0, set[i].indexOf('=')), set[i].substring(set[i].indexOf('=') + 1));
    }
    values.put("bootstrap.servers", brokers);
    values.put("schema.registry.url", registryUrl);
    values.put("topic.prefix", prefix);
    values.put("application.id", prefix + "instance");
    return new Settings(values);
  }

  private int run(List<String> all) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(all.toArray(String[]::new));
  }
}

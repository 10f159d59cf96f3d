package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.event.Prediction;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.commit.OffsetNote;
import dev.vmoe.streams.models.ModelFiles;
import dev.vmoe.streams.models.ProfileFile;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** {@code vmoe doctor} on a real broker and registry where nothing, or only a model, is wrong. */
class DoctorIT extends DoctorFixture {

  @Test
  void shouldFindAllInOrderAndChangeNothing() throws Exception {
    assertThat(run("topics", "create")).isZero();
    Set<String> before = all();

    assertThat(run("doctor", "--json")).as("%s", out).isZero();

    assertThat(all()).isEqualTo(before);
    JsonNode report = new ObjectMapper().readTree(out.toString());
    List<String> subjects = new ArrayList<>();
    for (JsonNode finding : report.get("findings")) {
      subjects.add(finding.get("subject").textValue().replace(prefix, "~"));
      assertThat(finding.get("status").textValue()).as("%s", finding).isEqualTo("ok");
    }
    assertThat(report.get("status").textValue()).isEqualTo("ok");
    assertThat(subjects)
        .containsExactly(
            "settings",
            "broker",
            "topic ~images",
            "topic ~predictions",
            "topic ~expert-utilization",
            "topic ~config",
            "topic ~images.dlq",
            "broker settings",
            "rights",
            "registry",
            "schema ~images-value",
            "schema ~predictions-value",
            "schema ~expert-utilization-value",
            "schema ~config-value",
            "model files",
            "quality profile",
            "batch",
            "model",
            "device",
            "configuration",
            "memory",
            "decoding",
            "temporary directory",
            "native libraries",
            "console");
    assertThat(report.at("/findings/1/message").textValue())
        .contains("1 broker,", "cluster ", "metadata.version ");
  }

  @Test
  void shouldCheckTopicsWithNamesOfTheirOwn() throws Exception {
    String[] own = {
      "--set", "topics.images=" + prefix + "north," + prefix + "south",
      "--set", "topics.images.dlq=" + prefix + "bad"
    };
    admin
        .createTopics(
            List.of(
                new NewTopic(prefix + "north", 2, (short) 1)
                    .configs(Map.of("max.message.bytes", "30000000"))))
        .all()
        .get();
    assertThat(run(with(own, "topics", "create"))).isZero();

    assertThat(run(with(own, "doctor"))).as("%s", out).isZero();

    assertThat(out.toString())
        .containsPattern("ok +topic " + prefix + "north +yours, 2 partitions")
        .containsPattern("ok +topic " + prefix + "south +yours, 6 partitions")
        .containsPattern("ok +schema " + prefix + "south-value ")
        .containsPattern("ok +rights ")
        .containsPattern(
            "warning +record sizes +%1$snorth or %1$ssouth takes .* 30000000 bytes, %1$sbad of"
                .formatted(prefix));
  }

  @Test
  void shouldFindNothingWrongWithNewSettingsButWhatIsNotThereYet() throws Exception {
    Path project = folder.resolve("project");
    String[] command = {
      "new", project.toString(),
      "--bootstrap-servers", brokers(),
      "--registry", registry.url(),
      "--topic-prefix", prefix,
      "--set", "topics.images=" + prefix + "cameras"
    };
    assertThat(runPlain(command)).as("%s", err).isZero();
    String[] doctor = {
      "doctor",
      "--settings",
      project.resolve("vmoe.properties").toString(),
      "--set",
      "cost.survey.ms=0",
      "--set",
      "console.port=0",
      "--set",
      "device=cpu"
    };

    assertThat(runPlain(doctor)).as("topics are missing").isEqualTo(VmoeCommand.FAILED);
    assertThat(out.toString().lines().filter(line -> !line.startsWith("ok")))
        .isNotEmpty()
        .allMatch(line -> line.contains("topic"), "is about a topic");

    String settings = project.resolve("vmoe.properties").toString();
    assertThat(runPlain("topics", "create", "--settings", settings)).isZero();
    assertThat(out.toString()).contains(prefix + "cameras");
    assertThat(runPlain(doctor)).as("%s", out).isZero();
    assertThat(out.toString().lines()).allMatch(line -> line.startsWith("ok "));
  }

  @Test
  void shouldSayInWhichLayoutRunsShareTheCpu() throws IOException {
    run("doctor", "--set", "cost.survey.ms=100");

    String measured = new Settings(Map.of()).runLayouts().size() > 1 ? ", measured" : "";
    assertThat(out.toString())
        .containsPattern("ok +device +.*, [1-9][0-9]* × [1-9][0-9]* threads?" + measured + "\\R");

    run("doctor", "--set", "inference.runs=2", "--set", "inference.threads=1");
    assertThat(out.toString()).containsPattern("ok +device +.*, 2 × 1 thread\\R");
  }

  @Test
  void shouldFindThatTheRegistryLostTheSchemasOfAnApplicationThatHasAnswered() throws Exception {
    assertThat(run("topics", "create")).isZero();
    String[] application = {"--set", "application.id=" + prefix + "app"};
    TopicPartition images = new TopicPartition(prefix + "images", 0);
    String known =
        OffsetNote.SchemaIds.fingerprint(prefix + "predictions", Prediction.getClassSchema());
    OffsetNote.SchemaIds ids = OffsetNote.SchemaIds.of(registry.url(), Map.of(known, 7));
    String left = new OffsetNote(OffsetNote.Owner.UNKNOWN, null, ids).behind("");
    admin
        .alterConsumerGroupOffsets(prefix + "app", Map.of(images, new OffsetAndMetadata(7, left)))
        .all()
        .get();

    assertThat(run(with(application, "doctor"))).isEqualTo(VmoeCommand.FAILED);
    assertThat(out.toString())
        .containsPattern(
            "failed +registry +the group .* has left ids of its schemas .*, but the schema registry"
                + " at .* has none");

    String[] accepted = with(application, "--set", "schema.registry.accept.empty=true");
    assertThat(run(with(accepted, "doctor"))).as("%s", out).isZero();
  }

  private static String[] with(String[] more, String... command) {
    return Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray(String[]::new);
  }

  private Set<String> all() throws Exception {
    Set<String> all = new TreeSet<>();
    for (String topic :
        admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get()) {
      if (!topic.startsWith("__")) { // the brokers' own, which they make when first asked
        all.add("topic " + topic);
      }
    }
    for (GroupListing group : admin.listGroups().all().get()) {
      all.add("group " + group.groupId());
    }
    String subjects =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(registry.url() + "/subjects")).build(),
                BodyHandlers.ofString())
            .body();
    all.add("subjects " + subjects);
    try (Stream<Path> models = Files.list(BundledModels.vmoe().getParent())) {
      models.forEach(file -> all.add(file + " " + file.toFile().lastModified()));
    }
    return all;
  }

  @Test
  void shouldCheckTheModelsBesideTheModel() throws Exception {
    assertThat(run("topics", "create")).isZero();
    Path beside = Files.createDirectories(folder.resolve("beside")).resolve("model.onnx");
    Files.copy(BundledModels.twin(), beside);
    String[] doctor = {"doctor", "--set", "models.dir=" + folder, "--set", "models.ladder=beside"};

    assertThat(run(doctor)).as("without a profile").isNotZero();
    assertThat(out.toString())
        .containsPattern("failed +ladder +.*characters-dense has no quality profile");

    ProfileFile first = ProfileFile.read(ProfileFile.beside(BundledModels.vmoe()));
    ModelCard card = ModelFiles.of(beside).card();
    new ProfileFile(
            card.name(),
            card.weightsHash(),
            first.set(),
            first.images(),
            first.seed(),
            "vmoe lab sweep",
            List.of(new ProfileFile.MeasuredAccuracy("bpr", 1, 1.05, 64, 0.9)))
        .write(ProfileFile.beside(beside));
    assertThat(run(doctor)).as("%s", out).isZero();
    assertThat(out.toString()).containsPattern("ok +ladder +.*beside/model.onnx loads: ");

    String[] fixed = Arrays.copyOf(doctor, doctor.length + 2);
    fixed[doctor.length] = "--set";
    fixed[doctor.length + 1] = "capacity.mode=fixed";
    run(fixed);
    assertThat(out.toString()).containsPattern("warning +ladder +.*have no use");
  }

  @Test
  void shouldCheckTheModelThatTheNewestValidRecordNames() throws Exception {
    assertThat(run("topics", "create")).isZero();
    assertThat(run("doctor")).as("%s", out).isZero();
    assertThat(out.toString())
        .containsPattern("ok +configuration +that of the settings file, no record is in force")
        .doesNotContain("configured model");

    List<String> models = configured(file -> {});
    List<String> command = new ArrayList<>(List.of("doctor"));
    command.addAll(models);
    assertThat(run(command.toArray(String[]::new))).as("%s", out).isZero();
    assertThat(out.toString())
        .containsPattern("ok +configuration +configuration 2 is in force: .*model=other")
        .containsPattern("ok +configured model +.*other/model.onnx loads: .*, without SHA256SUMS");

    Path file = folder.resolve("other/model.onnx");
    Files.writeString(file.resolveSibling("SHA256SUMS"), sum(file) + "  model.onnx\n");
    assertThat(run(command.toArray(String[]::new))).as("%s", out).isZero();
    assertThat(out.toString()).containsPattern("configured model .*its files as SHA256SUMS says");

    writeForeignSums(file);
    assertThat(run(command.toArray(String[]::new))).as("%s", out).isZero();
    assertThat(out.toString())
        .containsPattern("warning +configuration +configuration 2 is refused")
        .containsPattern("ok +configuration +configuration 0 is in force: .*model=good")
        .containsPattern("ok +configured model +.*good/model.onnx loads");

    List<String> reset = new ArrayList<>(List.of("config", "reset"));
    reset.addAll(models);
    assertThat(run(reset.toArray(String[]::new))).as("%s", err).isZero();
    assertThat(run("doctor")).as("%s", out).isZero();
    assertThat(out.toString())
        .containsPattern("ok +configuration +that of the settings file, by the reset of record 4");
  }

  private static String sum(Path file) throws IOException {
    try {
      byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return HexFormat.of().formatHex(sum);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.vmoe.streams.models.ModelFolder;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.settings.SettingsLoader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code vmoe new}; the doctor's opinion of it is in DoctorIT. */
class NewCommandTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir Path folder;

  @Test
  void shouldWriteWhatItWasGivenAndSayWhatIsNext() throws Exception {
    Path project = folder.resolve("deep/my project");
    assertThat(
            run(
                "new",
                project.toString(),
                "--bootstrap-server=kafka-1:9093,kafka-2:9093",
                "--registry=https://registry:8443",
                "--topic-prefix=shop.",
                "--set=topics.predictions=answers",
                "--set=consumer.client.rack=a\\b"))
        .as("%s", err)
        .isZero();

    Settings settings =
        new SettingsLoader(Map.of()).load(project.resolve("vmoe.properties"), Map.of());
    assertThat(settings.getString(Settings.BOOTSTRAP_SERVERS)).contains("kafka-1:9093", "kafka-2");
    assertThat(settings.getString(Settings.REGISTRY_URL)).isEqualTo("https://registry:8443");
    assertThat(settings.topics("images")).containsExactly("shop.images");
    assertThat(settings.topic("predictions")).isEqualTo("answers");
    assertThat(settings.model()).isEqualTo(ModelFolder.DEFAULT_MODEL);
    assertThat(settings.originals()).containsEntry("consumer.client.rack", "a\\b");
    assertThat(project.resolve("client.py"))
        .content()
        .contains("BROKERS = \"kafka-1:9093,kafka-2:9093\"")
        .contains("IMAGES = \"shop.images\"", "PREDICTIONS = \"answers\"")
        .contains("DEAD_LETTERS = \"shop.images.dlq\"")
        .doesNotContain("{{");
    assertThat(out.toString())
        .contains("doctor --settings '" + project.resolve("vmoe.properties") + "'")
        .contains("python3 '" + project.resolve("client.py") + "' photo.jpg");
  }

  @Test
  void shouldWriteAComposeFileThatRunsTheImageOfThisVersion() throws Exception {
    assertThat(run("new", folder.toString())).isZero();

    Path compose = folder.resolve("docker-compose.yml");
    JsonNode service = new YAMLMapper().readTree(compose.toFile()).at("/services/pipeline");
    JsonNode bundled = new YAMLMapper().readTree(Path.of("docker-compose.yml").toFile());
    assertThat(service.get("image")).isEqualTo(bundled.at("/x-vmoe/image"));
    List<String> command = new ArrayList<>();
    service.get("command").forEach(word -> command.add(word.textValue()));
    CommandLine root = VmoeCommand.commandLine(new PrintWriter(out), new PrintWriter(err), null);
    assertThat(root.parseArgs(command.toArray(String[]::new)).subcommand().commandSpec().name())
        .isEqualTo("run");
    assertThat(service.at("/volumes/0").textValue())
        .isEqualTo("./vmoe.properties:" + command.get(2) + ":ro");
    List<String> entrypoint = new ArrayList<>();
    service.get("entrypoint").forEach(word -> entrypoint.add(word.textValue()));
    assertThat(entrypoint).startsWith("env", "-u", "VMOE_MODEL").hasSize(4);
    assertThat(Path.of("ops/docker/Dockerfile"))
        .content()
        .contains("ENTRYPOINT [\"%s\"]".formatted(entrypoint.get(3)));
    assertThat(Files.readString(compose)).doesNotContain("{{");
  }

  @Test
  void shouldOverwriteNothingAndWriteNothingThatIsWrong() throws Exception {
    Path client = Files.writeString(folder.resolve("client.py"), "mine");

    assertThat(run("new", folder.toString())).isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString()).contains("client.py exists: name another folder");
    assertThat(client).hasContent("mine");
    assertThat(folder).isDirectoryNotContaining("glob:**vmoe.properties");

    Path other = folder.resolve("other");
    assertThat(run("new", other.toString(), "--set=topic.prefx=a")).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("new", other.toString(), "--set=topics.images=vmoe.predictions"))
        .isEqualTo(VmoeCommand.USAGE);
    assertThat(run("new", other.toString(), "--set=predictions.format=avro"))
        .isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("client.py reads json only");
    assertThat(other).doesNotExist();
  }

  private int run(String... command) {
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(command);
  }
}

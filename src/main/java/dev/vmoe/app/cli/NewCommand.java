package dev.vmoe.app.cli;

import dev.vmoe.app.demo.NextStep;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.models.ModelFolder;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.settings.SettingsLoader;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vmoe new}: what somebody with a Kafka of their own begins with. */
@Command(
    name = "new",
    description =
        "Write settings, a Compose file of one instance and an example client for a Kafka of your"
            + " own into a folder. Asks no broker, and overwrites nothing.")
final class NewCommand implements Callable<Integer> {

  private static final String SETTINGS = "vmoe.properties";
  private static final List<String> FILES = List.of(SETTINGS, "docker-compose.yml", "client.py");

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "Folder; it is made if it is missing.")
  private Path folder = Path.of("");

  @Option(
      names = {"--bootstrap-server", "--bootstrap-servers"},
      paramLabel = "HOST:PORT,…",
      defaultValue = "localhost:9092",
      description = "Kafka brokers (default: ${DEFAULT-VALUE}).")
  private String bootstrapServers = "";

  @Option(
      names = "--registry",
      paramLabel = "URL",
      defaultValue = "http://localhost:8081",
      description = "Schema registry (default: ${DEFAULT-VALUE}).")
  private String registry = "";

  @Option(
      names = "--topic-prefix",
      paramLabel = "TEXT",
      defaultValue = "vmoe.",
      description = "What the names of the topics begin with (default: ${DEFAULT-VALUE}).")
  private String prefix = "";

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Another setting to write, such as topics.images=cameras; may be repeated. See"
              + " src/docs/settings.md.")
  private Map<String, String> more = new LinkedHashMap<>();

  private NewCommand() {}

  @Override
  public Integer call() throws IOException {
    Map<String, String> given = new TreeMap<>();
    given.put(Settings.BOOTSTRAP_SERVERS, bootstrapServers);
    given.put(Settings.REGISTRY_URL, registry);
    given.put(Settings.TOPIC_PREFIX, prefix);
    given.put(Settings.APPLICATION_ID, "vmoe-streams");
    given.put(Settings.MODEL, ModelFolder.DEFAULT_MODEL);
    given.put(Settings.PREDICTIONS_FORMAT, "json");
    given.putAll(more);
    Settings settings = new SettingsLoader(Map.of()).load(null, given); // refuses what is wrong
    OptionCheck.require(
        spec,
        EventFormat.of(settings) == EventFormat.JSON,
        "predictions.format: client.py reads json only; once you have a client of your own, change"
            + " it in "
            + SETTINGS);
    for (String name : FILES) {
      if (Files.exists(folder.resolve(name))) {
        throw new IOException(
            folder.resolve(name) + " exists: name another folder; nothing was written");
      }
    }
    if (settings.modelsDir().isEmpty() && settings.model().equals(ModelFolder.DEFAULT_MODEL)) {
      BundledModels.vmoe(); // so that the next commands find it
    }
    Files.createDirectories(folder);
    Map<String, String> values = new HashMap<>(given);
    values.put("version", version());
    for (String topic : List.of(TopicPlan.IMAGES, TopicPlan.PREDICTIONS, TopicPlan.IMAGES_DLQ)) {
      values.put("topics." + topic, settings.topics(topic).get(0));
    }
    for (String name : FILES) {
      String text = filled(template(name), values);
      Files.writeString(
          folder.resolve(name),
          name.equals(SETTINGS) ? text + others(template(name), given) : text,
          StandardOpenOption.CREATE_NEW);
    }
    printNext();
    return 0;
  }

  /** Returns the settings that the template has no place for. */
  private static String others(String template, Map<String, String> given) {
    StringBuilder lines = new StringBuilder();
    given.forEach(
        (key, value) -> {
          if (!template.contains(place(key))) {
            lines.append(key).append(" = ").append(escaped(value)).append('\n');
          }
        });
    return lines.isEmpty() ? "" : "\n" + lines;
  }

  private static String filled(String template, Map<String, String> values) {
    String text = template;
    for (Map.Entry<String, String> value : values.entrySet()) {
      text = text.replace(place(value.getKey()), escaped(value.getValue()));
    }
    return text;
  }

  private static String place(String key) {
    return "{{" + key + "}}";
  }

  /** Returns a value as a properties file has it. */
  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\n", "\\n");
  }

  private static String template(String name) throws IOException {
    try (InputStream resource = NewCommand.class.getResourceAsStream("new/" + name)) {
      if (resource == null) {
        throw new IOException("the class path has no new/" + name);
      }
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Returns the image's tag. */
  private static String version() throws IOException {
    return new Version().getVersion()[0].replace("vmoe ", "").replace("-SNAPSHOT", "");
  }

  private void printNext() {
    PrintWriter out = spec.commandLine().getOut();
    String vmoe = System.getProperty("vmoe.command", "vmoe");
    String settings = folder.resolve(SETTINGS).toString();
    String client = folder.resolve("client.py").toString();
    out.printf("wrote %s to %s; next:%n", String.join(", ", FILES), folder);
    for (NextStep step :
        List.of(
            new NextStep(List.of("topics", "create", "--settings", settings), "those missing"),
            new NextStep(List.of("doctor", "--settings", settings), "checks everything"),
            new NextStep(List.of("run", "--settings", settings), "one instance, until Ctrl-C"))) {
      out.printf("  %s%n", step.line(vmoe));
    }
    NextStep send = new NextStep(List.of(client, "photo.jpg"), "in another terminal");
    out.printf("  %s%n", send.line("python3"));
    out.flush();
  }
}

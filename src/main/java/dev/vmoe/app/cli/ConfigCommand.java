package dev.vmoe.app.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.config.ConfigLog;
import dev.vmoe.streams.config.ConfigReader;
import dev.vmoe.streams.config.ConfigWriter;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.acl.AclOperation;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vmoe config}: the configuration that all instances follow while they run. */
@Command(
    name = "config",
    description =
        "Show or change the configuration of all running instances. Give the settings file of the"
            + " instances: it supplies every setting that no record sets.")
final class ConfigCommand {

  private static final Duration READ_LIMIT = Duration.ofSeconds(15);

  @Spec private CommandSpec spec;

  private ConfigCommand() {}

  /** What all subcommands that write have in common. */
  static final class Signature {

    @Option(names = "--note", paramLabel = "TEXT", description = "Why; kept in the record.")
    private @Nullable String note;

    @Option(
        names = "--author",
        paramLabel = "NAME",
        description = "Author, kept in the record (default: your user name).")
    private @Nullable String author = System.getProperty("user.name");
  }

  @Command(
      name = "show",
      description =
          "Show the settings in force, where each comes from, and the last record that was"
              + " refused.")
  int show(
      @Mixin ConnectionOptions connection,
      @Option(names = "--json", description = "Print one JSON object.") boolean json) {
    Settings settings = connection.settings();
    ConfigView view = view(settings);
    PrintWriter out = spec.commandLine().getOut();
    out.print(json ? view.inForceJson() + System.lineSeparator() : view.inForceText());
    out.flush();
    return 0;
  }

  @Command(
      name = "history",
      description = "Show the records, oldest first: who changed what, when and why.")
  int history(
      @Mixin ConnectionOptions connection,
      @Option(
              names = {"-n", "--last"},
              paramLabel = "N",
              defaultValue = "20",
              description = "Only the last N (default: ${DEFAULT-VALUE}).")
          int last,
      @Option(names = "--json", description = "Print one line of JSON each.") boolean json) {
    OptionCheck.positive(spec, "--last", last);
    ConfigView view = view(connection.settings());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      for (JsonNode line : view.historyJson(last)) {
        out.println(line);
      }
    } else {
      out.print(view.historyText(last));
    }
    out.flush();
    return 0;
  }

  @Command(
      name = "set",
      description = {
        "Change some settings of all running instances; the others stay as they are. Takes effect"
            + " within a second, from the next batch on.",
        "Keys: model, capacity.mode, capacity.ratio, experts.per.token, capacity.ratio.min,"
            + " capacity.ratio.max, experts.per.token.min, experts.per.token.max,"
            + " target.latency.ms, routing, batch.max.images, batch.linger.ms. KEY= or KEY=default"
            + " gives a setting back to the settings file.",
        "Example: vmoe config set capacity.ratio=0.5 routing=bpr --note \"black friday\""
      })
  int set(
      @Mixin ConnectionOptions connection,
      @Mixin Signature signature,
      @Parameters(
              arity = "1..*",
              paramLabel = "KEY=VALUE",
              description = "What to change; KEY= for the settings file's value.")
          List<String> changes) {
    UnaryOperator<Map<String, String>> edit = ConfigWriter.changeTo(wanted(changes));
    Settings settings = connection.settings();
    return write(settings, writer -> writer.edit(edit, signature.author, signature.note));
  }

  @Command(
      name = "reset",
      description = "Give everything back to the settings files of the instances.")
  int reset(@Mixin ConnectionOptions connection, @Mixin Signature signature) {
    Settings settings = connection.settings();
    return write(settings, writer -> writer.reset(signature.author, signature.note));
  }

  private Map<String, String> wanted(List<String> changes) {
    Map<String, String> wanted = new LinkedHashMap<>();
    for (String change : changes) {
      int equals = change.indexOf('=');
      OptionCheck.require(spec, equals > 0, "'" + change + "' is not KEY=VALUE");
      String key = change.substring(0, equals).strip();
      String value = change.substring(equals + 1).strip();
      OptionCheck.require(spec, wanted.put(key, value) == null, key + " is given twice");
    }
    return wanted;
  }

  private int write(
      Settings settings, Function<ConfigWriter, Optional<ConfigWriter.Written>> writing) {
    Brokers.requireTopic(
        settings, settings.topic(TopicPlan.CONFIG), AclOperation.READ, AclOperation.WRITE);
    PrintWriter out = spec.commandLine().getOut();
    try (RegistryClient registry = RegistryClient.of(settings)) {
      NamedModels models = models(settings);
      ConfigReader reader = new ConfigReader(registry, settings, models::complete);
      Optional<ConfigWriter.Written> written =
          writing.apply(new ConfigWriter(settings, registry, reader, models::inForce));
      if (written.isEmpty()) {
        out.println("nothing to change");
      } else {
        out.println(written.get().toLine());
      }
    }
    out.flush();
    return 0;
  }

  private ConfigView view(Settings settings) {
    Brokers.requireTopic(settings, settings.topic(TopicPlan.CONFIG), AclOperation.READ);
    NamedModels models = models(settings);
    try (RegistryClient registry = RegistryClient.of(settings);
        ConfigLog log = ConfigLog.of(settings)) {
      ConfigReader reader = new ConfigReader(registry, settings, models::complete);
      return new ConfigView(
          reader.settings(Map.of(), null), log.history(READ_LIMIT, reader).tried(models::inForce));
    }
  }

  private NamedModels models(Settings settings) {
    return new NamedModels(
        settings, warning -> spec.commandLine().getErr().println("vmoe: " + warning));
  }
}

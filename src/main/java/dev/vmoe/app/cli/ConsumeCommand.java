package dev.vmoe.app.cli;

import dev.vmoe.app.client.TopicReader;
import dev.vmoe.event.RecordJson;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.kafka.common.acl.AclOperation;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vmoe consume}: prints the records of a topic as lines of JSON. */
@Command(
    name = "consume",
    description =
        "Print the records of a topic, one line of JSON each. Only committed records are read;"
            + " instead of an image its number of bytes is printed.")
final class ConsumeCommand implements Callable<Integer> {

  private static final Duration GOODBYE = Duration.ofSeconds(5);

  @Spec private CommandSpec spec;
  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Option(
      names = "--topic",
      paramLabel = "NAME",
      defaultValue = TopicPlan.PREDICTIONS,
      description =
          "Name in the plan (predictions, expert-utilization, images.dlq, …), or full name"
              + " (default: ${DEFAULT-VALUE}).")
  private String topic = TopicPlan.PREDICTIONS;

  @Option(
      names = "--from-beginning",
      description = "Print existing records, too; without it, only new ones.")
  private boolean fromBeginning;

  @Option(names = "--max", paramLabel = "N", description = "End after N records.")
  private @Nullable Long max;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description =
          "End after this time without a record. With --max, fewer than N records are a failure.")
  private @Nullable Double timeoutSeconds;

  private ConsumeCommand() {}

  @Override
  public Integer call() {
    OptionCheck.positive(spec, "--max", max);
    OptionCheck.require(
        spec,
        timeoutSeconds == null || timeoutSeconds > 0,
        "--timeout " + timeoutSeconds + " is not above 0");
    Settings settings = connection.settings();
    List<String> names = names(settings);
    names.forEach(name -> Brokers.requireTopic(settings, name, AclOperation.READ));

    PrintWriter out = spec.commandLine().getOut();
    try (RegistryClient registry = RegistryClient.of(settings);
        TopicReader reader = new TopicReader(settings.consumerProperties(), names, fromBeginning);
        AtExit atExit = new AtExit(reader::stop, GOODBYE)) {
      RecordJson json = new RecordJson(registry);
      long wanted = max == null ? Long.MAX_VALUE : max;
      long printed =
          reader.read(
              wanted,
              timeoutSeconds == null
                  ? TopicReader.FOR_EVER
                  : Duration.ofNanos(Math.round(timeoutSeconds * 1e9)),
              record -> {
                out.println(json.line(record));
                return !out.checkError(); // the reader has ended, such as head
              });
      boolean missing = max != null && timeoutSeconds != null && printed < max;
      if (missing && !out.checkError() && !atExit.asked()) {
        spec.commandLine()
            .getErr()
            .printf(
                "vmoe: only %d of %d records came, then none for %s s%n",
                printed, max, timeoutSeconds);
        return VmoeCommand.FAILED;
      }
      return 0;
    }
  }

  private List<String> names(Settings settings) {
    return TopicPlan.NAMES.contains(topic) ? settings.topics(topic) : List.of(topic);
  }
}

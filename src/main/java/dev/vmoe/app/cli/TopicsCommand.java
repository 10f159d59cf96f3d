package dev.vmoe.app.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import dev.vmoe.streams.topics.TopicAdmin;
import dev.vmoe.streams.topics.TopicPlan;
import dev.vmoe.streams.topics.TopicState;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vmoe topics}: creates the planned topics, or compares them with the plan. */
@Command(name = "topics", description = "Create the topics, or compare them with the plan.")
final class TopicsCommand {

  @Spec private CommandSpec spec;

  private TopicsCommand() {}

  /** The options of create and describe. */
  static final class PlanOptions {

    @Option(
        names = "--plan",
        paramLabel = "FILE",
        description = "File of planned topics (default: topology/topics.yaml).")
    private @Nullable Path file;

    @Option(
        names = "--replication-factor",
        paramLabel = "N",
        description =
            "Replicas of each partition; N - 1 of them have to be in sync (default: the broker's"
                + " defaults).")
    private @Nullable Integer replicationFactor;

    @Option(names = "--json", description = "Print a JSON array.")
    private boolean json;

    private TopicPlan plan(CommandSpec spec) {
      TopicPlan plan = file == null ? TopicPlan.load() : TopicPlan.read(file);
      if (replicationFactor == null) {
        return plan;
      }
      OptionCheck.require(
          spec,
          replicationFactor >= 1 && replicationFactor <= Short.MAX_VALUE,
          "--replication-factor " + replicationFactor + " is below 1");
      return plan.withReplicationFactor(replicationFactor);
    }
  }

  @Command(
      name = "create",
      description =
          "Create the topics that are missing. Existing topics are compared with the plan and not"
              + " changed.")
  int create(@Mixin ConnectionOptions connection, @Mixin PlanOptions options) {
    TopicPlan plan = options.plan(spec);
    return print(options, ask(connection.settings(), plan, TopicAdmin::create));
  }

  @Command(
      name = "describe",
      description = "Show the topics. The exit code is 1 if one is missing or not as planned.")
  int describe(@Mixin ConnectionOptions connection, @Mixin PlanOptions options) {
    TopicPlan plan = options.plan(spec);
    return print(options, ask(connection.settings(), plan, TopicAdmin::describe));
  }

  private static List<TopicState> ask(
      Settings settings, TopicPlan plan, BiFunction<TopicAdmin, TopicPlan, List<TopicState>> work) {
    return Brokers.ask(settings, admin -> work.apply(new TopicAdmin(admin, settings), plan));
  }

  private int print(PlanOptions options, List<TopicState> states) {
    PrintWriter out = spec.commandLine().getOut();
    if (options.json) {
      out.println(json(states));
    } else {
      states.forEach(state -> out.println(line(state)));
    }
    out.flush();
    return states.stream().allMatch(TopicState::isGood) ? 0 : VmoeCommand.FAILED;
  }

  private static String line(TopicState state) {
    String what =
        state.differences().isEmpty() ? state.size() : String.join("; ", state.differences());
    return "%-10s  %-28s  %s".formatted(label(state), state.name(), what);
  }

  private static String json(List<TopicState> states) {
    ArrayNode array = Json.object().arrayNode();
    for (TopicState state : states) {
      ObjectNode node = array.addObject();
      node.put("name", state.name());
      node.put("status", label(state));
      node.put("partitions", state.partitions());
      node.put("replicationFactor", state.replicationFactor());
      node.set("config", Json.tree(new TreeMap<>(state.config())));
      node.set("differences", Json.tree(state.differences()));
    }
    return array.toPrettyString();
  }

  private static String label(TopicState state) {
    return state.status().name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}

package dev.vmoe.lab.cli;

import dev.vmoe.lab.peers.PeerKind;
import dev.vmoe.streams.settings.Nearest;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Which peers a pipeline is compared with. */
final class PeersOption {

  private static final String ALL = "all";
  private static final String NONE = "none";

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "none|all|NAME",
      defaultValue = ALL,
      description = {
        "Consumers of another make to compare with, each as long as the pipeline: none, all, or of"
            + " these names (default: ${DEFAULT-VALUE}):",
        "consumer_loops: a transactional loop a core, commits every 100 ms;",
        "consumer_loop_batch_transaction: one loop on all cores, a transaction a batch;",
        "streams_map_values: Kafka Streams, one image a run, a thread a core;",
        "parallel_consumer: Confluent's library, a batch at once on each core, at least once."
      })
  private List<String> names = List.of(ALL);

  /**
   * Returns the chosen peers.
   *
   * @throws ParameterException if there is no such peer
   */
  Set<PeerKind> chosen(CommandSpec command) {
    Set<PeerKind> chosen = EnumSet.noneOf(PeerKind.class);
    if (names.equals(List.of(NONE))) {
      return chosen;
    }
    for (String name : names) {
      if (name.equals(ALL)) {
        chosen.addAll(EnumSet.allOf(PeerKind.class));
      } else {
        chosen.add(peer(command, name));
      }
    }
    return chosen;
  }

  private static PeerKind peer(CommandSpec command, String name) {
    List<String> known = Arrays.stream(PeerKind.values()).map(PeerKind::label).toList();
    int found = known.indexOf(name);
    if (found < 0) {
      throw new ParameterException(
          command.commandLine(),
          String.format(
              "--peers: there is no peer '%s'%s; none, all, or of %s",
              name, Nearest.suggestion(name, known), String.join(", ", known)));
    }
    return PeerKind.values()[found];
  }
}

package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.lab.peers.PeerKind;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class PeersOptionTest {

  @Command
  private static final class WithPeers {
    @Mixin private final PeersOption peers = new PeersOption();
  }

  private static Set<PeerKind> chosen(String... arguments) {
    WithPeers command = new WithPeers();
    CommandLine line = new CommandLine(command);
    line.parseArgs(arguments);
    return command.peers.chosen(line.getCommandSpec());
  }

  @Test
  void shouldFetchNothingUnlessAskedTo() {
    assertThat(chosen()).doesNotContain(PeerKind.FLINK).contains(PeerKind.PARALLEL_CONSUMER);
    assertThat(chosen("--peers", "all")).isEqualTo(chosen());
    assertThat(chosen("--peers", "all,flink")).isEqualTo(EnumSet.allOf(PeerKind.class));
    assertThat(chosen("--peers", "flink")).containsExactly(PeerKind.FLINK);
    assertThat(chosen("--peers", "none")).isEmpty();
  }
}

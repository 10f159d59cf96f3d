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
  void shouldChooseAllPeersNamedOnesOrNone() {
    assertThat(chosen()).isEqualTo(EnumSet.allOf(PeerKind.class));
    assertThat(chosen("--peers", "all")).isEqualTo(chosen());
    assertThat(chosen("--peers", "parallel_consumer")).containsExactly(PeerKind.PARALLEL_CONSUMER);
    assertThat(chosen("--peers", "none")).isEmpty();
  }
}

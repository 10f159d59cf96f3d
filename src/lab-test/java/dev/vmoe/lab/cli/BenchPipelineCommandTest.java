package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.cli.VmoeCommand;
import org.junit.jupiter.api.Test;

/** What {@code vmoe lab bench pipeline} says before it measures. */
class BenchPipelineCommandTest extends CommandTest {

  @Test
  void shouldRefuseAPeerThatThereIsNot() {
    assertThat(run("bench", "pipeline", "--peers", "consumer_loop")).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString())
        .contains("'consumer_loop' (did you mean consumer_loops?)", "parallel_consumer");
  }

  @Test
  void shouldSayWhatEachPeerIs() {
    assertThat(run("bench", "pipeline", "--help")).isZero();
    assertThat(out.toString())
        .contains(
            "--peers=none|all|NAME",
            "consumer_loops:",
            "consumer_loop_batch_transaction:",
            "streams_map_values:",
            "parallel_consumer:");
  }
}

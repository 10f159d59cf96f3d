package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.lab.faults.FaultKind;
import org.junit.jupiter.api.Test;

/** What {@code vmoe lab bench faults} says before anything is started. */
class BenchFaultsCommandTest extends CommandTest {

  @Test
  void shouldSayWhatEachFaultIs() {
    assertThat(run("bench", "faults", "--help")).isZero();
    assertThat(out.toString()).contains("--sabotage=offsets|remove|repeat", "Exit codes:");
    for (FaultKind kind : FaultKind.values()) {
      assertThat(out.toString()).contains(kind.label());
    }
  }

  @Test
  void shouldRefuseWhatDoesNotFitTogether() {
    assertRefused("'kil' is no fault", "--faults", "kil");
    assertRefused("twice", "--faults", "kill,kill=2");
    assertRefused("--brokers 2 is neither 1 nor 3", "--brokers", "2");
    assertRefused("--combined needs --brokers 1", "--brokers", "3", "--combined");
    assertRefused(
        "--instance-memory needs --instances 1", "--instance-memory", "2048", "--instances", "2");
    assertRefused(
        "needs at least 1536",
        "--instance-memory",
        "1000",
        "--instances",
        "1",
        "--faults",
        "bombs");
    assertRefused("--instances 0 is below 1", "--instances", "0");
    assertRefused("--sabotage", "--sabotage", "other");
    assertRefused("the fault model sets the models itself", "--set", "models.ladder=dense");
    assertRefused("--max-recovery-ms -1 is below 0", "--max-recovery-ms", "-1");
    assertRefused("--max-beside-bombs-ms -1 is below 0", "--max-beside-bombs-ms", "-1");
    assertRefused("--max-beside-bombs-ms needs the fault bombs", "--max-beside-bombs-ms", "900");
  }

  private void assertRefused(String reason, String... options) {
    String[] all = new String[options.length + 2];
    all[0] = "bench";
    all[1] = "faults";
    System.arraycopy(options, 0, all, 2, options.length);
    err.getBuffer().setLength(0);
    assertThat(run(all)).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains(reason);
  }
}

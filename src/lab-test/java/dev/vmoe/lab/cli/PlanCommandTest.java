package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.importer.modelstore.BundledModels;
import dev.vmoe.importer.modelstore.ModelOpener;
import dev.vmoe.lab.sizing.Costs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code vmoe lab plan} with costs from a file, and what it says of wrong input. */
class PlanCommandTest extends CommandTest {

  private Path costs = Path.of("");

  @BeforeEach
  void writeCosts() throws Exception {
    ModelCard card = ModelOpener.card(BundledModels.vmoe());
    costs = folder.resolve("costs.json");
    Files.writeString(costs, Costs.of(card.name(), card.weightsHash()).toJson());
  }

  @Test
  void shouldSayWhatToRunAndWhatToExpect() throws Exception {
    Path json = folder.resolve("plan.json");

    assertThat(
            plan(
                "--rate",
                "3000",
                "--latency",
                "1000",
                "--batch",
                "32",
                "--linger",
                "20",
                "--cores",
                "4",
                "--json",
                json.toString()))
        .as(err.toString())
        .isZero();

    JsonNode plan = new ObjectMapper().readTree(json.toFile());
    int instances = plan.get("instances").intValue();
    assertThat(instances).isBetween(4, 8);
    assertThat(plan.at("/at_rate/p99_ms").doubleValue()).isBetween(50.0, 1_000.0);
    assertThat(plan.get("quality_measured").booleanValue()).isTrue();
    assertThat(out.toString())
        .contains(
            "3000 images/s, 99 % answered within 1000 ms, for a while 1.5 times as many",
            "batch.max.images",
            "at the peak rate",
            "once another is lost",
            "What gives first: the model at its best point",
            "% of the mean rate. Spread the keys.",
            "How sure: times were measured on one instance",
            "4 cores are not enough: " + 2 * instances + " are needed")
        .containsPattern(
            "instances +" + instances + " +on 2 cores each, " + 2 * instances + " in all")
        .containsPattern("partitions of images +" + plan.get("partitions").intValue());
  }

  @Test
  void shouldAskForNoSpreadOfWhatOneInstanceAnswers() {
    assertThat(plan("--rate", "100", "--latency", "1000", "--batch", "32", "--linger", "20"))
        .as(err.toString())
        .isZero();

    assertThat(out.toString())
        .containsPattern("instances +1 ")
        .contains("images/s, which is more than the mean rate.")
        .doesNotContain("Spread the keys");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--rate 0 --latency 1000 | a rate of 0.0 images a second",
        "--rate 100 --latency 120 | a latency of 120 ms leaves 0 ms beside commits",
        "--rate 100 --latency 1000 --burst 0.5 | a burst of 0.5",
        "--rate 100 --latency 1000 --batch 256 | none of more than 64 was measured",
        "--rate 100 --latency 1000 --cores 0 | --cores 0 is below 1",
        "--rate 100 --latency 1000 --save-costs again.json | there is nothing to save",
        "--rate 100 | --latency",
      })
  void shouldRefuseADemandThatCannotBeMet(String options, String message) throws Exception {
    assertThat(plan(options.strip().split(" "))).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains(message.strip());
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldNotTakeTheCostsOfAnotherModel() throws Exception {
    Files.writeString(costs, Costs.of("another", "0123").toJson());

    assertThat(plan("--rate", "100", "--latency", "1000")).isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString()).contains("holds the costs of another model: another");
  }

  private int plan(String... options) {
    List<String> command = new ArrayList<>(List.of("plan", "--costs", costs.toString()));
    command.addAll(List.of(options));
    return run(command.toArray(String[]::new));
  }
}

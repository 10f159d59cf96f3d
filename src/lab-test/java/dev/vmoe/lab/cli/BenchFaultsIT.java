package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.app.cli.VmoeCommand;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The benchmark, small: a kill and a broker away, and a sabotage that has to be found. */
@Tag("soak")
@Timeout(600)
class BenchFaultsIT extends CommandTest {

  @Test
  void shouldFindEveryImageAnsweredOnceAfterKills() throws Exception {
    assertThat(bench("--seconds", "20", "--faults", "kill,broker")).isZero();

    JsonNode result = result();
    assertThat(result.get("faults").asInt()).isPositive();
    assertThat(result.get("images").asInt()).isGreaterThan(100);
    assertThat(result.get("dead_letters").asInt()).isPositive();
    for (String violation : List.of("lost", "doubled", "out_of_order", "misjudged", "altered")) {
      assertThat(result.get(violation).asInt()).as(violation).isZero();
    }
    assertThat(result.get("utilization").asInt()).isZero();
    assertThat(result.get("recovery_ms")).isNotEmpty();
    assertThat(result.get("pause_ms").has("p99")).isTrue();
    assertThat(Files.readAllLines(folder.resolve("faults.csv")))
        .hasSize(1 + result.get("faults").asInt());
  }

  @Test
  void shouldFindThatOffsetsWereSetBack() throws Exception {
    assertThat(bench("--seconds", "1", "--faults", "config", "--sabotage", "offsets"))
        .isEqualTo(VmoeCommand.FAILED);

    assertThat(result().get("doubled").asInt()).isPositive();
    assertThat(result().get("lost").asInt()).isZero();
    assertThat(out.toString()).contains("sabotage offsets was found");
  }

  private JsonNode result() throws Exception {
    return new ObjectMapper().readTree(folder.resolve("faults.json").toFile());
  }

  private int bench(String... arguments) {
    List<String> all = new ArrayList<>(List.of("bench", "faults"));
    all.addAll(List.of("--out", folder.toString(), "--partitions", "4"));
    all.addAll(List.of("--json", folder.resolve("faults.json").toString()));
    all.addAll(List.of("--csv", folder.resolve("faults.csv").toString()));
    all.addAll(List.of(arguments));
    return run(all.toArray(String[]::new));
  }
}

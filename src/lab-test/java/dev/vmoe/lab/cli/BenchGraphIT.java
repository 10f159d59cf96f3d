package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.app.cli.VmoeCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The benchmark, small: what it writes and counts, not how fast the machine is. */
@Tag("soak")
class BenchGraphIT extends CommandTest {

  @Test
  void shouldWriteTimesBesideTheTwinAndThePeak() throws Exception {
    Path json = folder.resolve("graph.json");
    Path csv = folder.resolve("operators.csv");
    int status =
        run(
            "bench",
            "graph",
            "--variant",
            "S/32",
            "--batch",
            "2",
            "--rounds",
            "1",
            "--ratios",
            "4,0.25",
            "--json",
            json.toString(),
            "--csv",
            csv.toString());

    assertThat(err.toString()).doesNotContain("vmoe: ");
    assertThat(status).isZero();
    JsonNode result = new ObjectMapper().readTree(json.toFile());
    assertThat(result.at("/ms_per_image").fieldNames()).toIterable().containsExactly("4", "0.25");
    assertThat(result.at("/ms_per_image/4").asDouble()).isPositive();
    assertThat(result.at("/dense_ms_per_image").asDouble()).isPositive();
    assertThat(result.at("/moe_overhead_share").asDouble()).isBetween(0.001, 0.9);
    double peak = result.at("/peak_gflops").asDouble();
    assertThat(result.at("/achieved_gflops").asDouble()).isPositive().isLessThan(2 * peak);
    // at ratio E/K nothing is dropped: both choices of 50 tokens in two layers
    assertThat(result.at("/expert_rows_per_image/4").asDouble()).isEqualTo(200);
    // 2 layers · 8 experts · C = ceil(200 · 0.25 / 8) → 8 slots, over 2 images
    assertThat(result.at("/expert_rows_per_image/0.25").asDouble()).isBetween(30.0, 64.0);
    assertThat(result.at("/arithmetic_speed_of_twin/4").asDouble()).isEqualTo(0.86, within(0.02));
    assertThat(Files.readString(csv)).contains("MoE layers,experts,", "dense twin,Gemm,");
    assertThat(out.toString()).contains("ratio 0.25", "GFLOP/s", "beside the experts");
  }

  @Test
  void shouldRunAsManyBatchesAndExpertsAsAsked() throws Exception {
    Path json = folder.resolve("graph.json");

    assertThat(run("bench", "graph", "--experts-per-token", "3")).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("experts per token 3 outside 1 to 2");
    int status =
        run(
            ("bench graph --batch 2 --rounds 1 --runs 2 --threads 1 --experts-per-token 1 --ratios"
                    + " 8 --json "
                    + json)
                .split(" "));

    assertThat(status).isZero();
    JsonNode result = new ObjectMapper().readTree(json.toFile());
    // nothing is dropped: the one choice of 50 tokens in two layers
    assertThat(result.at("/expert_rows_per_image/8").asDouble()).isEqualTo(100);
    assertThat(result.at("/experts_per_token").asInt()).isEqualTo(1);
    assertThat(result.at("/runs").asInt()).isEqualTo(2);
  }
}

package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.lab.peers.PeerKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The benchmark, small: that every side answers every image, not what it finds. */
@Tag("soak")
@Timeout(600)
class BenchPipelineIT extends CommandTest {

  private static final int ROUNDS = 2;

  @Test
  void shouldCompareThePipelineWithTheBestBareLoopAndWithEveryPeer() throws Exception {
    JsonNode result = bench("--images", "128", "--by-address", "http");

    assertThat(result.get("pipeline_images_per_second").asDouble()).isPositive();
    assertThat(result.get("pipeline_cpu_ms_per_image").asDouble()).isPositive();
    JsonNode layouts = result.get("bare_layouts");
    double best = layouts.get(result.get("bare_layout").asText()).asDouble();
    assertThat(result.get("bare_images_per_second").asDouble()).isEqualTo(best);
    assertThat(layouts).allSatisfy(one -> assertThat(one.asDouble()).isLessThanOrEqualTo(best));
    for (PeerKind peer : PeerKind.values()) {
      JsonNode figures = result.at("/peers/" + peer.label());
      assertThat(figures).as(peer.label()).hasSize(5);
      assertFigures(peer, figures);
      assertThat(result.at("/rounds/1/peers/" + peer.label()).asDouble()).isPositive();
      assertThat(out.toString()).contains(peer.label());
    }
    assertThat(result.at("/by_address/of_pipeline").asDouble()).isPositive();
    int sides = 2 + layouts.size() + PeerKind.values().length;
    assertThat(Files.readAllLines(folder.resolve("sides.csv"))).hasSize(1 + ROUNDS * sides);
  }

  private static void assertFigures(PeerKind peer, JsonNode figures) {
    for (String name :
        List.of("images_per_second", "cpu_ms_per_image", "of_pipeline", "mean_batch")) {
      assertThat(figures.get(name).asDouble()).as(peer.label() + " " + name).isPositive();
    }
    assertThat(figures.get("guarantee").asText()).endsWith("once");
  }

  @Test
  void shouldLeaveOutPeersThatAreNotWanted() throws Exception {
    assertThat(bench("--images", "64", "--peers", "none").get("peers")).isEmpty();
    assertThat(out.toString()).doesNotContain("guarantee");
  }

  private JsonNode bench(String... arguments) throws Exception {
    Path json = folder.resolve("result.json");
    List<String> all = new ArrayList<>(List.of("bench", "pipeline", "--warm-up", "0"));
    all.addAll(List.of("--rounds", Integer.toString(ROUNDS), "--json", json.toString()));
    all.addAll(List.of("--csv", folder.resolve("sides.csv").toString()));
    all.addAll(List.of(arguments));
    int status = run(all.toArray(String[]::new));
    assertThat(err.toString()).doesNotContain("vmoe: ");
    assertThat(status).isZero();
    return new ObjectMapper().readTree(json.toFile());
  }
}

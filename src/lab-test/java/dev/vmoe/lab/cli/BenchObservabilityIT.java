package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The benchmark, small: that it watches what it says, not what it finds. */
@Tag("soak")
@Timeout(240)
class BenchObservabilityIT extends CommandTest {

  private static final int IMAGES = 64;
  private static final int ROUNDS = 2;

  @Test
  void shouldCompareEachWithAPipelineThatIsNotWatched() throws Exception {
    Path json = folder.resolve("result.json");
    Path csv = folder.resolve("pairs.csv");
    int status =
        run(
            "bench",
            "observability",
            "--images",
            Integer.toString(IMAGES),
            "--rounds",
            Integer.toString(ROUNDS),
            "--json",
            json.toString(),
            "--csv",
            csv.toString());

    assertThat(err.toString()).doesNotContain("vmoe: ");
    assertThat(status).isZero();
    JsonNode all = new ObjectMapper().readTree(json.toFile()).get("observations");
    for (String what : List.of("control", "metrics", "page", "tracing")) {
      JsonNode one = all.get(what);
      assertThat(one.get("pairs")).as(what).hasSize(ROUNDS);
      assertThat(one.get("with_images_per_second").asDouble()).as(what).isPositive();
      assertThat(one.get("ratio").asDouble())
          .as(what)
          .isBetween(one.get("ratio_low").asDouble(), one.get("ratio_high").asDouble());
    }
    int runs = ROUNDS + 1; // one to warm up
    assertThat(all.at("/metrics/scrapes").asInt()).isGreaterThanOrEqualTo(runs);
    // its status in every run, and the newest images in some
    assertThat(all.at("/page/scrapes").asInt()).isGreaterThan(runs);
    assertThat(all.at("/control/scrapes").asInt()).isZero();
    assertThat(all.at("/control/spans_exported").asInt()).isZero();
    // five spans an image and one a batch; the last second's may still be on their way
    assertThat(all.at("/tracing/spans_exported").asInt()).isGreaterThanOrEqualTo(5 * IMAGES);
    assertThat(all.at("/tracing/spans_dropped").asInt()).isZero();
    assertThat(Files.readAllLines(csv)).hasSize(1 + 5 * ROUNDS);
    assertThat(out.toString()).contains("control", "metrics", "page", "tracing", "95 % interval");
  }
}

package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.client.Replay;
import dev.vmoe.app.client.StreamSummary;
import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.lab.bench.CpuShares.Role;
import dev.vmoe.lab.bench.MeteredReplay;
import dev.vmoe.lab.bench.Rounds;
import dev.vmoe.lab.peers.PeerKind;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Progress;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class PipelineFiguresTest {

  private static final Offset<Double> EXACTLY = within(1e-9);
  private static final int IMAGES = 100;
  private static final RunLayout ONE_RUN = new RunLayout(1, 2);
  private static final RunLayout TWO_RUNS = new RunLayout(2, 1);
  private static final PeerKind PEER = PeerKind.CONSUMER_LOOPS;

  private final StringWriter shown = new StringWriter();
  private final PipelineFigures figures =
      new PipelineFigures(3, List.of(ONE_RUN, TWO_RUNS), Set.of(PEER));

  private ObjectNode measured() throws InterruptedException {
    figures.addBare(ONE_RUN, rates(1, 500, 500, 100));
    figures.addBare(TWO_RUNS, rates(1, 400, 450, 900));
    Rounds.Measure pipeline = rates(1, 100, 200, 400);
    figures.addPipeline(() -> replay(pipeline.measure(), Map.of(Role.STREAMS, 1, Role.BROKER, 7)));
    Rounds.Measure peer = rates(1, 300, 100, 200);
    figures.addPeer(
        PEER,
        () ->
            replay(
                peer.measure(),
                Map.of(Role.PEER, 2, Role.MODEL_AND_NATIVE, 1, Role.BROKER, 9, Role.CLIENT, 7)));
    figures.measure(new Progress(new PrintWriter(shown, true)));
    ObjectNode result = Json.object();
    figures.addTo(result);
    return result;
  }

  private static Rounds.Measure rates(double... rates) {
    Iterator<Double> all = Arrays.stream(rates).iterator();
    return all::next;
  }

  /** A replay in which each role used so many milliseconds an image. */
  private static MeteredReplay replay(double rate, Map<Role, Integer> cpuMs) {
    StreamSummary.Result seen =
        new StreamSummary.Result(
            IMAGES,
            0,
            0,
            1,
            new StreamSummary.Latency(1, 1, 1, 1),
            new StreamSummary.BatchSize(32, 32),
            Map.of(),
            1.05,
            1,
            IMAGES,
            List.of(),
            List.of(),
            List.of(),
            List.of());
    Map<Role, Long> nanos = new EnumMap<>(Role.class);
    cpuMs.forEach((role, ms) -> nanos.put(role, ms * 1_000_000L * IMAGES));
    return new MeteredReplay(new Replay.ReplayOutcome(IMAGES, seen, IMAGES / rate), nanos);
  }

  @Test
  void shouldTakeTheLayoutWithTheBestMedianInEveryRound() throws Exception {
    ObjectNode result = measured();

    assertThat(result.get("bare_layout").asText()).isEqualTo("1x2");
    assertThat(result.get("bare_images_per_second").asDouble()).isEqualTo(500);
    assertThat(result.at("/bare_layouts/2x1").asDouble()).isEqualTo(450);
    assertThat(result.at("/rounds/2/bare_images_per_second").asDouble()).isEqualTo(100);
    assertThat(result.get("efficiency").asDouble()).isCloseTo(0.4, EXACTLY);
  }

  @Test
  void shouldComparePeersWithThePipelineOfTheSameRound() throws Exception {
    ObjectNode result = measured();

    assertThat(result.at("/peers/consumer_loops/images_per_second").asDouble())
        .isCloseTo(200, EXACTLY);
    assertThat(result.at("/peers/consumer_loops/of_pipeline").asDouble()).isCloseTo(0.5, EXACTLY);
    assertThat(result.at("/peers/consumer_loops/guarantee").asText()).isEqualTo("exactly once");
    assertThat(result.at("/peers/consumer_loops/mean_batch").asDouble()).isEqualTo(32);
    assertThat(figures.sides().toCsv())
        .contains("1,consumer_loops,300.0,3.0,3.0,32.0")
        .contains("2,pipeline,200.0,1.0,1.0,32.0")
        .contains("3,bare 2x1,900.0,,2.25,");
    assertThat(figures.text()).contains("consumer_loops", "0.50", "bare 1x2 images/s");
    assertThat(shown.toString()).contains("measurements 16 of 16");
  }

  @Test
  void shouldCountTheProcessorTimeOfASideAlone() throws Exception {
    ObjectNode result = measured();

    assertThat(result.get("pipeline_cpu_ms_per_image").asDouble()).isCloseTo(1, EXACTLY);
    assertThat(result.at("/peers/consumer_loops/cpu_ms_per_image").asDouble())
        .isCloseTo(3, EXACTLY);
    assertThat(result.at("/processor_shares/broker").asDouble()).isCloseTo(7 / 8.0, EXACTLY);
    assertThat(result.get("processor_shares").has("peer")).isFalse();
  }
}

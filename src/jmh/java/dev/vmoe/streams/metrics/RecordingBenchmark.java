package dev.vmoe.streams.metrics;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Everything that is recorded for one batch, and what a scrape costs. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RecordingBenchmark {

  @Param("32")
  private int batch;

  /** MoE layers; 3 with 8 experts is the demo's model, 6 with 32 that of V-MoE-S/32. */
  @Param({"3", "6"})
  private int layers;

  private int experts;
  private Meters meters;
  private PipelineMetrics metrics;
  private int batches;

  /** Makes every meter. */
  @Setup
  public void open() {
    experts = layers == 3 ? 8 : 32;
    meters = new Meters();
    metrics =
        new PipelineMetrics(
            meters,
            IntStream.range(0, layers).map(layer -> 2 * layer + 1).boxed().toList(),
            experts,
            List.of("size", "linger", "bytes"));
  }

  /** Gives them back. */
  @TearDown
  public void close() {
    meters.close();
  }

  /** One batch of one partition, with a change of the operating point every time. */
  @Benchmark
  public void recordBatch() {
    batches++;
    for (int image = 0; image < batch; image++) {
      metrics.images().read();
    }
    metrics.batchFinished("size", 20_000_000);
    metrics.batchRan(batch, 30_000_000 + batches % 1000, 0.9);
    metrics.capacity().decided(0, batches % 2 == 0 ? 1.05 : 0.5, 1.06, 2, "backlog", 250_000_000);
    metrics.capacity().cost(31_000_000, 30_000_000);
    metrics.capacity().load(1000, 800, 90_000_000);
    metrics.capacity().attainable(700, 1100);
    for (int layer = 0; layer < layers; layer++) {
      for (int expert = 0; expert < experts; expert++) {
        metrics.experts().expert(2 * layer + 1, expert, 400, 350, 200.5);
      }
      metrics.experts().droppedEntirely(2 * layer + 1, 3);
    }
    metrics.experts().slots(420);
    for (int image = 0; image < batch; image++) {
      metrics.images().answered(20_000_000 + image, 400_000 + image, 60, 60_000_000);
    }
  }

  /** One scrape of the pipeline's own metrics. */
  @Benchmark
  public String scrape() {
    return meters.scrape(Exposition.PROMETHEUS);
  }
}

package dev.vmoe.core.inference;

import dev.vmoe.core.model.Target;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Time of one batch through the bundled model or one of random weights. The median, or on a shared
 * machine a low percentile, is the figure to read: other processes lengthen some of the samples.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xmx6g", "-XX:+UseSerialGC"})
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class GraphBenchmark {

  @Param(GraphCost.DEMO)
  private String model = "";

  @Param({"vmoe", "dense"})
  private String kind = "";

  @Param("CPU")
  private Target target = Target.CPU;

  @Param("64")
  private int batch;

  @Param({"2", "1.05", "0.5", "0.25", "0.1"})
  private double ratio;

  @Param({"2", "1"})
  private int expertsPerToken;

  @Param("1")
  private int threads;

  @Param("false")
  private boolean spinning;

  private VmoeSession session;
  private ByteBuffer images;
  private RoutingSettings settings;

  /** Writes and opens the graph. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    session = GraphCost.open(model, kind.equals("dense"), target, threads, spinning);
    images = GraphCost.images(model, session, batch);
    settings = new RoutingSettings(ratio, expertsPerToken, Routing.BATCH_PRIORITY);
  }

  /** Gives the graph back. */
  @TearDown(Level.Trial)
  public void close() {
    session.close();
  }

  /** One batch. */
  @Benchmark
  public BatchResult classify() {
    return session.classify(images, batch, settings);
  }
}

package dev.vmoe.streams.topology;

import com.sun.net.httpserver.HttpServer;
import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.batch.FlushReason;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.commit.InFlightRecord;
import dev.vmoe.streams.commit.QueueRecords;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.settings.PredictionContents;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Topics;
import dev.vmoe.streams.tracing.ImageTrace;
import dev.vmoe.streams.tracing.Tracing;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
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
import org.openjdk.jmh.infra.Blackhole;

/**
 * Everything that tracing does for a batch of one partition on the threads of the pipeline, and the
 * copy of the headers, which is there without it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TracingBenchmark {

  private static final int BATCH = 32;
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0";

  /** off; on, with a producer that does not sample; on, with one that does. */
  @Param({"off", "unsampled", "sampled"})
  private String traces;

  private Meters meters;
  private HttpServer collector;
  private Tracing tracing;
  private ShareTracer tracer;
  private BatchRun run;
  private Prediction prediction;
  private Headers received;

  /** Runs a batch that all of them have in common. */
  @Setup
  public void open() throws IOException {
    FakeClassifier classifier = new FakeClassifier();
    ModelCard card = classifier.card();
    meters = new Meters();
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    collector.start();
    String endpoint = "http://127.0.0.1:" + collector.getAddress().getPort();
    Settings settings =
        new Settings(
            traces.equals("off") ? Map.of() : Map.of(Settings.TRACING_OTLP_ENDPOINT, endpoint));
    tracing = Tracing.start(settings, Pipeline.metrics(meters, card).traces());
    tracer = new ShareTracer(tracing, Topics.of(settings), "vmoe-streams");
    Decision decision =
        new Decision(new OperatingPoint(1.05, 2), Routing.BATCH_PRIORITY, "capacity.mode is fixed");
    BatchResult result =
        classifier.classify(
            ByteBuffer.allocateDirect(BATCH * 8 * 8 * 3), BATCH, decision.routingSettings());
    run =
        new BatchRun(
            "batch-1", card, BATCH, FlushReason.SIZE, 0, decision, result, System.nanoTime());
    Record<byte[], byte[]> record = new Record<>(new byte[0], new byte[0], 0);
    prediction =
        new ShareEvents(PredictionContents.of(new Settings(Map.of())))
            .prediction(
                run,
                answer(
                    0,
                    QueueRecords.admitted(
                        record,
                        new ProcessorRecordContext(0, 0, 0, "vmoe.images", record.headers()),
                        ImageTrace.NONE)));
    received = new RecordHeaders();
    received.add("camera", "7".getBytes(StandardCharsets.UTF_8));
    received.add(
        "traceparent",
        (PARENT + (traces.equals("sampled") ? 1 : 0)).getBytes(StandardCharsets.UTF_8));
  }

  private Answer.Classified<InFlightRecord> answer(int index, InFlightRecord image) {
    return new Answer.Classified<>(image, index, 20_000_000, run.startNanos() - 1_000_000, 400_000);
  }

  /** Stops the export. */
  @TearDown
  public void close() {
    tracing.close();
    collector.stop(0);
    meters.close();
  }

  /** One batch, from reading its records to handing its predictions to Kafka. */
  @Benchmark
  public void traceBatch(Blackhole hole) {
    List<InFlightRecord> images = new ArrayList<>(BATCH);
    for (int i = 0; i < BATCH; i++) {
      Record<byte[], byte[]> record = new Record<>(new byte[0], new byte[0], 0, received);
      ProcessorRecordContext position =
          new ProcessorRecordContext(0, i, 0, "vmoe.images", received);
      images.add(QueueRecords.admitted(record, position, tracer.received(record, position)));
    }
    tracer.ran(run, images);
    for (int i = 0; i < BATCH; i++) {
      InFlightRecord image = images.get(i);
      tracer.answering(run, answer(i, image), prediction);
      Headers sent = new RecordHeaders(image.record().headers());
      tracer.sending(image, sent);
      hole.consume(sent);
      tracer.sent(image);
    }
  }
}

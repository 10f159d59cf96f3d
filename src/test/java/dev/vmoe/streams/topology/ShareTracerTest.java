package dev.vmoe.streams.topology;

import static dev.vmoe.streams.tracing.OtlpReceiver.attribute;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.batch.FlushReason;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.streams.commit.QueueRecords;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Topics;
import dev.vmoe.streams.tracing.OtlpReceiver;
import dev.vmoe.streams.tracing.Tracing;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShareTracerTest {

  private static BatchRun run(FakeClassifier classifier) {
    Decision decision =
        new Decision(new OperatingPoint(1.05, 2), Routing.BATCH_PRIORITY, "capacity.mode is fixed");
    return new BatchRun(
        "batch-1",
        classifier.card(),
        1,
        FlushReason.SIZE,
        0,
        decision,
        classifier.classify(ByteBuffer.allocateDirect(8 * 8 * 3), 1, decision.routingSettings()),
        System.nanoTime());
  }

  /** The attribute is the name of one topic. */
  @ParameterizedTest
  @CsvSource({"'north', north", "'north, south', ''"})
  void shouldNameTheDestinationOfABatchWhereThereIsOne(String images, String destination)
      throws Exception {
    try (OtlpReceiver receiver = OtlpReceiver.start();
        Meters meters = new Meters();
        FakeClassifier classifier = new FakeClassifier()) {
      Settings settings =
          new Settings(
              Map.of("topics.images", images, Settings.TRACING_OTLP_ENDPOINT, receiver.endpoint()));
      PipelineMetrics metrics = new PipelineMetrics(meters, List.of(), 0, List.of());
      Record<byte[], byte[]> record = new Record<>(new byte[0], new byte[0], 0);
      ProcessorRecordContext position =
          new ProcessorRecordContext(0, 0, 0, "north", new RecordHeaders());
      try (Tracing tracing = Tracing.start(settings, metrics.traces())) {
        ShareTracer tracer = new ShareTracer(tracing, Topics.of(settings), "group");
        QueuedRecord image =
            QueueRecords.admitted(record, position, tracer.received(record, position));
        tracer.ran(run(classifier), List.of(image));
        tracer.sent(image);
      } // and what was not sent yet is sent

      Span batch = receiver.spans("classify " + classifier.card().name()).get(0);
      assertThat(attribute(batch, "messaging.system").getStringValue()).isEqualTo("kafka");
      assertThat(attribute(batch, "messaging.destination.name").getStringValue())
          .isEqualTo(destination);
      Span process = receiver.spans("process north").get(0);
      assertThat(attribute(process, "messaging.destination.name").getStringValue())
          .isEqualTo("north");
    }
  }
}

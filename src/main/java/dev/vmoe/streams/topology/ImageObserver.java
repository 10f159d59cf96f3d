package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.batch.RunObserver;
import dev.vmoe.core.batch.Share;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.commit.Arrivals;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.tracing.ImageTrace;
import java.util.List;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Told what happens to images on their way, in this order: received, buffered, ran, answering or
 * refusing, sending, sent; then emitted, once for the share. Everything but {@code ran} comes on
 * the stream thread of the image's partition.
 */
public interface ImageObserver extends RunObserver<QueuedRecord> {

  /**
   * A record was read, and nothing was done with it yet.
   *
   * @return the trace that goes along with it; {@link ImageTrace#NONE} of observers that keep none
   */
  default ImageTrace received(Record<byte[], byte[]> record, RecordMetadata position) {
    return ImageTrace.NONE;
  }

  /** A record was handed to the micro-batcher. */
  default void buffered() {}

  @Override
  default void ran(BatchRun run, List<QueuedRecord> images) {}

  /** An image has its prediction, which is about to be sent. */
  default void answering(
      BatchRun run, Answer.Classified<QueuedRecord> answer, Prediction prediction) {}

  /** An image cannot be answered, or not in time; its dead letter is about to be sent. */
  default void refusing(Answer.Rejected<QueuedRecord> answer) {}

  /** A prediction or dead letter gets its headers, to which the observer may add. */
  default void sending(QueuedRecord image, Headers headers) {}

  /** The prediction or dead letter was handed to Kafka. */
  default void sent(QueuedRecord image) {}

  /** The expert utilization of a share was handed to Kafka. */
  default void emitted(ExpertUtilization utilization) {}

  /** A whole share was handed to Kafka. */
  default void emitted(Emission emission) {}

  /**
   * A share that was emitted, and when.
   *
   * @param share the share
   * @param arrivals when the partition's records were first seen
   * @param nowMs wall-clock time, in milliseconds since 1970
   * @param nowNanos the same time on the arrivals' clock, in nanoseconds
   */
  record Emission(Share<QueuedRecord> share, Arrivals arrivals, long nowMs, long nowNanos) {}
}

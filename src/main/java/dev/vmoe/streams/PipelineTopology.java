package dev.vmoe.streams;

import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.topics.Topics;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;

/**
 * The topology: images through the micro-batch processor to predictions, dead letters and expert
 * utilization. Drawn in {@code topology/topology.txt}.
 *
 * <p>The source reads bytes: Streams would write the dead letter of a record that it cannot
 * deserialize ahead of earlier records that still wait, and again after every crash.
 */
public final class PipelineTopology {

  static final String IMAGES = "images";
  static final String MICRO_BATCH = "micro-batch";
  static final String PREDICTIONS = "predictions";
  static final String DEAD_LETTERS = "dead-letters";
  static final String EXPERT_UTILIZATION = "expert-utilization";

  private PipelineTopology() {}

  /** Builds the topology around a processor that makes micro-batches. */
  public static Topology build(
      Topics topics,
      EventSerializer<Prediction> predictions,
      EventSerializer<ExpertUtilization> utilization,
      ProcessorSupplier<byte[], byte[], byte[], Object> microBatch) {
    Topology topology = new Topology();
    topology.addSource(
        Topology.AutoOffsetReset.EARLIEST,
        IMAGES,
        new ImageTimestamp(),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer(),
        topics.images());
    topology.addProcessor(MICRO_BATCH, microBatch, IMAGES);
    topology.addSink(
        PREDICTIONS, topics.predictions(), new ByteArraySerializer(), predictions, MICRO_BATCH);
    topology.addSink(
        DEAD_LETTERS,
        topics.deadLetters(),
        new ByteArraySerializer(),
        new ByteArraySerializer(),
        MICRO_BATCH);
    topology.addSink(
        EXPERT_UTILIZATION,
        topics.expertUtilization(),
        new ByteArraySerializer(),
        utilization,
        MICRO_BATCH);
    return topology;
  }
}

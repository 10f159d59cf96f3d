package dev.vmoe.streams.topology;

import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.topics.Topics;
import java.util.function.Function;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;

/**
 * The topology: images through the micro-batch processor to predictions, dead letters and expert
 * utilization. Drawn in {@code topology/topology.txt}.
 *
 * <p>Each topic of images has a sub-topology of its own that ends in the same topics. So a task
 * reads one partition, whatever number of partitions the other topics have.
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

  /**
   * One topic of images.
   *
   * @param topic full name
   * @param suffix of the names of its nodes; empty for the first topic
   */
  public record Input(String topic, String suffix) {
    String node(String name) {
      return name + suffix;
    }
  }

  /** Builds the topology around processors that make micro-batches, of one topic each. */
  public static Topology build(
      Topics topics,
      EventSerializer<Prediction> predictions,
      EventSerializer<ExpertUtilization> utilization,
      Function<Input, Processor<byte[], byte[], byte[], Object>> microBatch) {
    Topology topology = new Topology();
    int number = 0;
    for (String topic : topics.images()) {
      number++;
      Input input = new Input(topic, number == 1 ? "" : "-" + number);
      String processor = input.node(MICRO_BATCH);
      topology.addSource(
          Topology.AutoOffsetReset.EARLIEST,
          input.node(IMAGES),
          new ImageTimestamp(),
          new ByteArrayDeserializer(),
          new ByteArrayDeserializer(),
          topic);
      topology.addProcessor(processor, () -> microBatch.apply(input), input.node(IMAGES));
      topology.addSink(
          input.node(PREDICTIONS),
          topics.predictions(),
          new ByteArraySerializer(),
          predictions,
          processor);
      topology.addSink(
          input.node(DEAD_LETTERS),
          topics.deadLetters(),
          new ByteArraySerializer(),
          new ByteArraySerializer(),
          processor);
      topology.addSink(
          input.node(EXPERT_UTILIZATION),
          topics.expertUtilization(),
          new ByteArraySerializer(),
          utilization,
          processor);
    }
    return topology;
  }
}

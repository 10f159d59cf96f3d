package dev.vmoe.instance;

import dev.vmoe.metrics.LastingNames;
import java.util.Map;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.streams.KafkaClientSupplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;

/** Kafka Streams whose metrics have names that last. */
final class MeteredStreams extends KafkaStreams {

  MeteredStreams(Topology topology, StreamsConfig config, KafkaClientSupplier clients) {
    super(topology, config, clients);
  }

  @Override
  public Map<MetricName, Metric> metrics() {
    return LastingNames.of(super.metrics());
  }
}

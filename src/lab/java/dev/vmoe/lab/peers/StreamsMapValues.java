package dev.vmoe.lab.peers;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.Prediction;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Kafka Streams as in its tutorials: each value is mapped to its prediction, one image a run.
 * Written with {@code processValues}, because a prediction names the position of its image, which
 * {@code mapValues} does not see.
 */
final class StreamsMapValues implements Peer {

  private final int threads;
  private final KafkaStreams streams;

  StreamsMapValues(PeerJob job, Duration commitEvery) {
    threads = job.cores();
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(job.images(), Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
        .processValues(() -> new Mapper(job.work().onEachCore()))
        .to(
            job.predictions(),
            Produced.with(
                Serdes.ByteArray(),
                Serdes.serdeFrom(
                    new AvroSerializer<>(job.work().registry()),
                    new AvroDeserializer<>(job.work().registry(), Prediction.class))));
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, job.group());
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, job.bootstrapServers());
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, commitEvery.toMillis());
    streams = new KafkaStreams(builder.build(), properties);
  }

  private static final class Mapper
      extends ContextualFixedKeyProcessor<byte[], byte[], Prediction> {

    private final BatchWork work;

    Mapper(BatchWork work) {
      this.work = work;
    }

    @Override
    public void process(FixedKeyRecord<byte[], byte[]> record) {
      RecordMetadata position = context().recordMetadata().orElseThrow();
      BatchWork.Source image =
          new BatchWork.Source(
              record.value(), position.topic(), position.partition(), position.offset());
      context().forward(record.withValue(work.predictions(List.of(image)).get(0)));
    }
  }

  @Override
  public int consumers() {
    return threads;
  }

  @Override
  public void start() {
    streams.start();
  }

  @Override
  public void close() {
    streams.close();
  }
}

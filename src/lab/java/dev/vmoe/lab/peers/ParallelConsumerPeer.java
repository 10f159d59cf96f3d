package dev.vmoe.lab.peers;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import io.confluent.parallelconsumer.internal.AbstractParallelEoSStreamProcessor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.slf4j.LoggerFactory;

/**
 * Confluent's parallel-consumer: hands out batches to as many threads as cores, in any order. A
 * batch is over when its predictions are acknowledged; its offsets are committed later.
 */
final class ParallelConsumerPeer implements Peer {

  private final PeerJob job;
  private final KafkaProducer<byte[], byte[]> producer;
  private final ParallelStreamProcessor<byte[], byte[]> processor;

  /** One for each of the threads. */
  private final BlockingQueue<BatchWork> work;

  ParallelConsumerPeer(PeerJob job) {
    this.job = job;
    quiet();
    producer = job.producer(job.group(), Map.of());
    work = new ArrayBlockingQueue<>(job.cores());
    for (int thread = 0; thread < job.cores(); thread++) {
      work.add(job.work().onEachCore());
    }
    processor =
        ParallelStreamProcessor.createEosStreamProcessor(
            ParallelConsumerOptions.<byte[], byte[]>builder()
                .consumer(job.consumer(job.group(), Map.of()))
                .ordering(ProcessingOrder.UNORDERED)
                .maxConcurrency(job.cores())
                .batchSize(job.batch())
                // it looks for a field that this version of the client does not have; it is off
                .ignoreReflectiveAccessExceptionsForAutoCommitDisabledCheck(true)
                .build());
  }

  /** It warns each time of the field that it looks for. */
  private static void quiet() {
    if (LoggerFactory.getLogger(AbstractParallelEoSStreamProcessor.class) instanceof Logger log) {
      log.setLevel(Level.ERROR);
    }
  }

  @Override
  public int consumers() {
    return 1;
  }

  @Override
  public void start() {
    processor.subscribe(List.of(job.images()));
    processor.poll(polled -> answer(polled.getConsumerRecordsFlattened()));
  }

  private void answer(List<ConsumerRecord<byte[], byte[]>> batch) {
    try {
      BatchWork mine = work.take();
      List<ProducerRecord<byte[], byte[]>> answers;
      try {
        answers = mine.answers(batch, job.predictions());
      } finally {
        work.add(mine);
      }
      List<Future<RecordMetadata>> sent = answers.stream().map(producer::send).toList();
      producer.flush();
      for (Future<RecordMetadata> answer : sent) {
        answer.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted within a batch", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a prediction was not written", e.getCause());
    }
  }

  @Override
  public void close() {
    try (producer) {
      processor.closeDontDrainFirst();
    }
  }
}

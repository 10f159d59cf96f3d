package dev.vmoe.lab.peers;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.ScoredClass;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ClassScore;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.lab.bench.BenchModel;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * What a peer does with a batch of images, the same in every peer: read the requests, decode, run
 * the model, write predictions. Used by one thread.
 *
 * <p>An image that cannot be read or decoded fails the batch: the benchmark's images all can.
 */
final class BatchWork {

  private static final int BEST = 5;

  private final BenchModel model;
  private final AvroDeserializer<ImageRequest> reader;
  private final AvroSerializer<Prediction> writer;
  private final ByteBuffer images;

  /** An image's record, as far as its prediction depends on it. */
  @SuppressWarnings("ArrayRecordComponent")
  record Source(byte[] value, String topic, int partition, long offset) {}

  BatchWork(BenchModel model, RegistryClient registry) {
    this.model = model;
    this.reader = new AvroDeserializer<>(registry, ImageRequest.class);
    this.writer = new AvroSerializer<>(registry);
    int size = model.classifier().card().imageSize();
    this.images = ByteBuffer.allocateDirect(model.batch() * size * size * 3);
  }

  /** Returns the records that answer a batch, in its order; keys, headers and times are kept. */
  List<ProducerRecord<byte[], byte[]>> answers(
      List<ConsumerRecord<byte[], byte[]>> records, String topic) {
    List<Source> sources = new ArrayList<>(records.size());
    for (ConsumerRecord<byte[], byte[]> record : records) {
      sources.add(new Source(record.value(), record.topic(), record.partition(), record.offset()));
    }
    List<Prediction> predictions = predictions(sources);
    List<ProducerRecord<byte[], byte[]>> answers = new ArrayList<>(records.size());
    for (int i = 0; i < records.size(); i++) {
      ConsumerRecord<byte[], byte[]> record = records.get(i);
      answers.add(
          new ProducerRecord<>(
              topic,
              null,
              record.timestamp(),
              record.key(),
              writer.serialize(topic, predictions.get(i)),
              record.headers()));
    }
    return answers;
  }

  /** Returns the predictions of a batch, in its order. */
  List<Prediction> predictions(List<Source> sources) {
    List<ImageRequest> requests = new ArrayList<>(sources.size());
    float[] priorities = new float[sources.size()];
    long[] decodeNanos = new long[sources.size()];
    for (int slot = 0; slot < sources.size(); slot++) {
      ImageRequest request = read(sources.get(slot));
      requests.add(request);
      priorities[slot] = request.getPriority();
      long startNanos = System.nanoTime();
      decode(request, slot);
      decodeNanos[slot] = System.nanoTime() - startNanos;
    }
    BatchResult result =
        model.classifier().classify(images, sources.size(), priorities, model.routing());
    String batchId = UUID.randomUUID().toString();
    List<Prediction> predictions = new ArrayList<>(sources.size());
    for (int i = 0; i < sources.size(); i++) {
      predictions.add(
          prediction(result, i, sources.get(i), requests.get(i), batchId, decodeNanos[i]));
    }
    return predictions;
  }

  private ImageRequest read(Source source) {
    try {
      return reader.read(source.value());
    } catch (BadRecordException e) {
      throw new IllegalStateException("no image request: " + e.getMessage(), e);
    }
  }

  private void decode(ImageRequest request, int slot) {
    ByteBuffer image = request.getImage();
    byte[] encoded = new byte[image.remaining()];
    image.duplicate().get(encoded);
    try {
      model.decoder().decode(encoded, images, slot);
    } catch (BadImageException e) {
      throw new IllegalStateException("no image: " + e.getMessage(), e);
    }
  }

  private Prediction prediction(
      BatchResult result,
      int index,
      Source source,
      ImageRequest request,
      String batchId,
      long decodeNanos) {
    ModelCard card = model.classifier().card();
    RoutingSettings settings = model.routing();
    List<ClassScore> top = new ArrayList<>(BEST);
    for (ScoredClass best : ScoredClass.top(card, result.logits()[index], BEST)) {
      top.add(new ClassScore(best.index(), best.label(), best.score()));
    }
    return Prediction.newBuilder()
        .setTop(top)
        .setLabel(request.getLabel())
        .setAttributes(request.getAttributes())
        .setModel(card.name())
        .setWeightsHash(card.weightsHash())
        .setRequestedCapacityRatio(settings.capacityRatio())
        .setEffectiveCapacityRatio(result.effectiveCapacityRatio())
        .setExpertsPerToken(settings.expertsPerToken())
        .setRouting(settings.routing().label())
        .setPriority(request.getPriority())
        .setBatchId(batchId)
        .setBatchSize(result.logits().length)
        .setFlushReason("size")
        .setProcessedShare((float) result.counts().processedShare(index))
        .setQueueMicros(0)
        .setDecodeMicros(TimeUnit.NANOSECONDS.toMicros(decodeNanos))
        .setInferenceMicros(TimeUnit.NANOSECONDS.toMicros(result.inferenceNanos()))
        .setSourceTopic(source.topic())
        .setSourcePartition(source.partition())
        .setSourceOffset(source.offset())
        .build();
  }
}

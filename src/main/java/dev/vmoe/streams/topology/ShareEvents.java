package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.batch.Share;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.ScoredClass;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.tensor.Half;
import dev.vmoe.event.ClassScore;
import dev.vmoe.event.ClassUtilization;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.PredictionContents;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Puts what the model said of a share into events. */
public final class ShareEvents {

  /** The class index of a label that the model does not know. */
  private static final int NO_CLASS = -1;

  /**
   * Maximum bytes of the parts of a utilization event.
   *
   * @param event what it has once: names, sizes, settings
   * @param expert two counts and two sums
   * @param layer a layer's block, skipped tokens, and what is around its four lists
   * @param classes a class beside its label and layers
   * @param label a label
   */
  private record Sizes(int event, int expert, int layer, int classes, int label) {}

  private static final Sizes AVRO =
      new Sizes(4096, 2 * 5 + 2 * Double.BYTES, 60, 40, RequestReader.MAX_LABEL_BYTES);

  /** JSON may escape each character of a label in six. */
  private static final Sizes JSON =
      new Sizes(8192, 2 * 12 + 2 * 25, 140, 80, 6 * RequestReader.MAX_LABEL_BYTES);

  private final PredictionContents contents;
  private volatile Classes classes = new Classes(List.of(), Map.of());

  /** The classes of the model that was asked about last, and where each is among the logits. */
  private record Classes(List<String> names, Map<String, Integer> indices) {
    static Classes of(List<String> names) {
      Map<String, Integer> indices = new HashMap<>();
      for (int i = 0; i < names.size(); i++) {
        indices.putIfAbsent(names.get(i), i);
      }
      return new Classes(names, indices);
    }
  }

  /** Creates a maker of predictions with these contents. */
  public ShareEvents(PredictionContents contents) {
    this.contents = contents;
  }

  private Map<String, Integer> classIndices(ModelCard card) {
    Classes now = classes;
    if (!now.names().equals(card.classes())) {
      now = Classes.of(card.classes());
      classes = now;
    }
    return now.indices();
  }

  /** Returns the prediction of one image. */
  Prediction prediction(BatchRun run, Answer.Classified<QueuedRecord> answer) {
    BatchResult result = result(run);
    ModelCard card = run.card();
    RequestReader.Request request = answer.origin().request();
    RecordMetadata position = answer.origin().position();
    return Prediction.newBuilder()
        .setId(request.id())
        .setLabel(request.label())
        .setTop(top(card, result.logits()[answer.index()]))
        .setAttributes(request.attributes())
        .setModel(card.name())
        .setWeightsHash(card.weightsHash())
        .setRequestedCapacityRatio(result.settings().capacityRatio())
        .setEffectiveCapacityRatio(result.effectiveCapacityRatio())
        .setExpertsPerToken(result.settings().expertsPerToken())
        .setRouting(result.settings().routing().label())
        .setPriority(request.priority())
        .setBatchId(run.id())
        .setBatchSize(run.numImages())
        .setFlushReason(run.flushReason().label())
        .setProcessedShare((float) result.counts().processedShare(answer.index()))
        .setQueueMicros(TimeUnit.NANOSECONDS.toMicros(answer.queueNanos()))
        .setDecodeMicros(TimeUnit.NANOSECONDS.toMicros(answer.decodeNanos()))
        .setInferenceMicros(TimeUnit.NANOSECONDS.toMicros(result.inferenceNanos()))
        .setConfigurationVersion(decision(run).configurationVersion())
        .setSourceTopic(position.topic())
        .setSourcePartition(position.partition())
        .setSourceOffset(position.offset())
        .setFeatures(
            contents.givesFeatures()
                ? featureBytes(result.features()[answer.index()], contents.halves())
                : null)
        .build();
  }

  /**
   * Returns what the experts did for a share; empty if none of its images was classified, or the
   * model has no experts.
   */
  Optional<ExpertUtilization> utilization(Share<QueuedRecord> share) {
    List<Answer.Classified<QueuedRecord>> classified = new ArrayList<>();
    for (Answer<QueuedRecord> answer : share.answers()) {
      if (answer instanceof Answer.Classified<QueuedRecord> image) {
        classified.add(image);
      }
    }
    if (classified.isEmpty() || share.run().card().dense()) {
      return Optional.empty();
    }
    BatchRun run = share.run();
    BatchResult result = result(run);
    ModelCard card = run.card();
    Map<String, List<Answer.Classified<QueuedRecord>>> byClass = new TreeMap<>();
    for (Answer.Classified<QueuedRecord> image : classified) {
      byClass.computeIfAbsent(classOf(card, result, image), name -> new ArrayList<>()).add(image);
    }
    Map<String, Integer> indices = classIndices(card);
    RecordMetadata first = classified.get(0).origin().position();
    RecordMetadata last = classified.get(classified.size() - 1).origin().position();
    return Optional.of(
        ExpertUtilization.newBuilder()
            .setBatchId(run.id())
            .setBatchSize(run.numImages())
            .setImages(classified.size())
            .setSourceTopic(first.topic())
            .setSourcePartition(first.partition())
            .setFirstOffset(first.offset())
            .setLastOffset(last.offset())
            .setModel(card.name())
            .setWeightsHash(card.weightsHash())
            .setRequestedCapacityRatio(result.settings().capacityRatio())
            .setEffectiveCapacityRatio(result.effectiveCapacityRatio())
            .setExpertsPerToken(result.settings().expertsPerToken())
            .setRouting(result.settings().routing().label())
            .setFlushReason(run.flushReason().label())
            .setTokensPerImage(card.tokensPerImage())
            .setCapacity(result.slots())
            .setSlots((double) result.slots() * classified.size() / run.numImages())
            .setInferenceMicros(TimeUnit.NANOSECONDS.toMicros(result.inferenceNanos()))
            .setDecision(decision(run).reason())
            .setConfigurationVersion(decision(run).configurationVersion())
            .setLayers(layers(card, result.counts(), classified))
            .setClasses(
                byClass.entrySet().stream()
                    .map(
                        entry ->
                            ofClass(
                                entry.getKey(),
                                indices.getOrDefault(entry.getKey(), NO_CLASS),
                                layers(card, result.counts(), entry.getValue()),
                                entry.getValue().size()))
                    .toList())
            .build());
  }

  /**
   * Returns the bytes of the largest event of a model: every image of a batch has a label of its
   * own, of {@link RequestReader#MAX_LABEL_BYTES}. 0 for a model without experts: it has no events.
   */
  public static long maxUtilizationBytes(ModelCard card, int maxBatchImages, EventFormat format) {
    if (card.dense()) {
      return 0;
    }
    Sizes sizes = format == EventFormat.AVRO ? AVRO : JSON;
    long layers =
        card.moeBlocks().size() * (sizes.layer() + (long) card.numExperts() * sizes.expert());
    return sizes.event() + layers + maxBatchImages * (sizes.classes() + sizes.label() + layers);
  }

  private static ClassUtilization ofClass(
      String label, int index, List<LayerUtilization> layers, int images) {
    return ClassUtilization.newBuilder()
        .setLabel(label)
        .setClassIndex(index)
        .setImages(images)
        .setLayers(layers)
        .build();
  }

  private static BatchResult result(BatchRun run) {
    return Objects.requireNonNull(run.result(), "a batch with classified images has a result");
  }

  private static Decision decision(BatchRun run) {
    return Objects.requireNonNull(run.decision(), "a batch with classified images was decided on");
  }

  private static String classOf(
      ModelCard card, BatchResult result, Answer.Classified<QueuedRecord> image) {
    String label = image.origin().request().label();
    if (label != null) {
      return label;
    }
    return ScoredClass.best(card, result.logits()[image.index()]);
  }

  /** Sums the routing counts of some images: (B, L, E) to L times (E). */
  private static List<LayerUtilization> layers(
      ModelCard card, RoutingCounts counts, List<Answer.Classified<QueuedRecord>> images) {
    List<LayerUtilization> layers = new ArrayList<>();
    for (int layer = 0; layer < counts.numLayers(); layer++) {
      Long[] assigned = new Long[counts.numExperts()];
      Long[] dispatched = new Long[counts.numExperts()];
      Double[] gateSum = new Double[counts.numExperts()];
      Double[] importance = new Double[counts.numExperts()];
      for (int expert = 0; expert < counts.numExperts(); expert++) {
        long assignedChoices = 0;
        long dispatchedChoices = 0;
        double gates = 0;
        double allGates = 0;
        for (Answer.Classified<QueuedRecord> image : images) {
          int at = counts.at(image.index(), layer) + expert;
          assignedChoices += counts.assigned()[at];
          dispatchedChoices += counts.dispatched()[at];
          gates += counts.gateSum()[at];
          allGates += counts.importance()[at];
        }
        assigned[expert] = assignedChoices;
        dispatched[expert] = dispatchedChoices;
        gateSum[expert] = gates;
        importance[expert] = allGates;
      }
      long skipped = 0;
      for (Answer.Classified<QueuedRecord> image : images) {
        skipped += counts.skipped()[image.index() * counts.numLayers() + layer];
      }
      layers.add(
          new LayerUtilization(
              card.moeBlocks().get(layer),
              List.of(assigned),
              List.of(dispatched),
              List.of(gateSum),
              List.of(importance),
              skipped));
    }
    return layers;
  }

  /** Returns features as predictions carry them: little-endian, in single or half precision. */
  static ByteBuffer featureBytes(float[] features, boolean halves) {
    int size = halves ? Short.BYTES : Float.BYTES;
    ByteBuffer bytes = ByteBuffer.allocate(size * features.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float feature : features) {
      if (halves) {
        bytes.putShort(Half.toFloat16(feature));
      } else {
        bytes.putFloat(feature);
      }
    }
    return bytes.flip();
  }

  private List<ClassScore> top(ModelCard card, float[] logits) {
    return ScoredClass.top(card, logits, contents.top()).stream()
        .map(best -> new ClassScore(best.index(), best.label(), best.score()))
        .toList();
  }
}

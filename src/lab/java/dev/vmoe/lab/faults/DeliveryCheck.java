package dev.vmoe.lab.faults;

import dev.vmoe.lab.faults.ImageRecord.Expected;
import dev.vmoe.lab.faults.SummedWork.PartitionModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * Holds the answers against the images, both in the order of their topics.
 *
 * <p>Not safe for use by several threads.
 */
final class DeliveryCheck {

  private static final int MAX_EXAMPLES = 20;

  private final Map<Position, ImageRecord> images = new HashMap<>();
  private final Map<Position, Integer> times = new HashMap<>();
  private final Map<PartitionPath, Long> lastOffsets = new HashMap<>();
  private final Map<PartitionModel, Long> predicted = new HashMap<>();
  private final Map<String, Long> byModel = new HashMap<>();
  private final Set<AnsweringModel> models;
  private final List<String> examples = new ArrayList<>();
  private long predictions;
  private long deadLetters;
  private long doubled;
  private long outOfOrder;
  private long unknown;
  private long misjudged;
  private long unknownModel;
  private long altered;

  private record Position(int partition, long offset) {
    @Override
    public String toString() {
      return partition + "/" + offset;
    }
  }

  /** Within it, answers are in the order of their images. */
  private record PartitionPath(TopicPartition written, int sourcePartition) {}

  private DeliveryCheck(List<ImageRecord> sent, Set<AnsweringModel> models) {
    this.models = models;
    for (ImageRecord image : sent) {
      images.put(new Position(image.partition(), image.offset()), image);
    }
  }

  /**
   * Checks.
   *
   * @param work all utilization events
   * @param models that may answer
   */
  static DeliveryVerdict of(
      List<ImageRecord> images,
      List<AnswerRecord> answers,
      SummedWork work,
      Set<AnsweringModel> models) {
    DeliveryCheck check = new DeliveryCheck(images, models);
    answers.forEach(check::add);
    return check.verdict(work);
  }

  private void add(AnswerRecord answer) {
    Position position = new Position(answer.sourcePartition(), answer.sourceOffset());
    AnsweringModel model = answer.model();
    if (model == null) {
      deadLetters++;
    } else {
      addPrediction(position, model);
    }
    Long last =
        lastOffsets.put(
            new PartitionPath(answer.written(), answer.sourcePartition()), answer.sourceOffset());
    if (last != null && last > answer.sourceOffset()) {
      outOfOrder++;
      example(position + " was answered behind offset " + last + ", in " + answer.written());
    }
    ImageRecord image = images.get(position);
    if (image == null) {
      unknown++;
      example(position + " was answered and is no image, in " + answer.written());
      return;
    }
    if (times.merge(position, 1, Integer::sum) > 1) {
      doubled++;
      example(position + " was answered again, in " + answer.written());
    }
    Expected wrong = answer.deadLetter() ? Expected.PREDICTION : Expected.DEAD_LETTER;
    if (image.expected() == wrong) {
      misjudged++;
      example(
          position
              + (wrong == Expected.DEAD_LETTER
                  ? " is hostile and has a prediction"
                  : " is good and has a dead letter"));
    }
    boolean sameValue = !answer.deadLetter() || answer.value() == image.value();
    if (!sameValue || !answer.carried().equals(image.carried())) {
      altered++;
      example(position + " has an answer that does not carry what it sent, in " + answer.written());
    }
  }

  private void addPrediction(Position position, AnsweringModel model) {
    predictions++;
    predicted.merge(new PartitionModel(position.partition(), model), 1L, Long::sum);
    byModel.merge(model.name(), 1L, Long::sum);
    if (!models.contains(model)) {
      unknownModel++;
      example(position + " was answered by " + model + ", which was not to serve");
    }
  }

  private DeliveryVerdict verdict(SummedWork work) {
    long lost = 0;
    for (Position position : images.keySet()) {
      if (!times.containsKey(position)) {
        lost++;
        example(position + " has no answer");
      }
    }
    long difference = work.uneven();
    Set<PartitionModel> all = new HashSet<>(predicted.keySet());
    all.addAll(work.images().keySet());
    for (PartitionModel each : all) {
      long counted = work.images().getOrDefault(each, 0L);
      long seen = predicted.getOrDefault(each, 0L);
      difference += Math.abs(counted - seen);
      if (counted != seen) {
        example("%s: utilization of %d images, %d predictions".formatted(each, counted, seen));
      }
    }
    return new DeliveryVerdict(
        images.size(),
        predictions,
        deadLetters,
        lost,
        doubled,
        outOfOrder,
        unknown,
        misjudged,
        unknownModel,
        altered,
        difference,
        byModel,
        examples);
  }

  private void example(String text) {
    if (examples.size() < MAX_EXAMPLES) {
      examples.add(text);
    }
  }
}

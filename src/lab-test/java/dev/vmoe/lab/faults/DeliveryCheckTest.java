package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.lab.faults.ImageRecord.Expected;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** What the check finds: each test breaks one thing of a run in which all is well. */
class DeliveryCheckTest {

  private static final TopicPartition PREDICTIONS = new TopicPartition("predictions", 0);
  private static final TopicPartition LETTERS = new TopicPartition("images.dlq", 0);
  private static final AnsweringModel FIRST = new AnsweringModel("m", "h");
  private static final AnsweringModel SECOND = new AnsweringModel("m8", "h8");
  private static final Set<AnsweringModel> MODELS = Set.of(FIRST, SECOND);
  private static final int TOKENS = 5;
  private static final int CHOICES = 2;

  /** Partition 0: good, hostile, good; partition 1: good. */
  private final List<ImageRecord> images =
      new ArrayList<>(
          List.of(image(0, 0, false), image(0, 1, true), image(0, 2, false), image(1, 0, false)));

  private final List<AnswerRecord> answers =
      new ArrayList<>(
          List.of(prediction(0, 0), prediction(0, 2), prediction(1, 0), letter(0, 1, 1)));

  private SummedWork work = work(event(0, 2, 20), event(1, 1, 10));

  @Test
  void shouldFindNothingWhereAllIsWell() {
    DeliveryVerdict verdict = check();

    assertThat(verdict.clean()).isTrue();
    assertThat(verdict.images()).isEqualTo(4);
    assertThat(verdict.predictions()).isEqualTo(3);
    assertThat(verdict.deadLetters()).isEqualTo(1);
    assertThat(verdict.examples()).isEmpty();
  }

  @Test
  void shouldTakeEitherAnswerWhereBothAreRight() {
    images.set(0, image(0, 0, Expected.EITHER));
    images.set(1, image(0, 1, Expected.EITHER));

    assertThat(check().clean()).isTrue();
  }

  @Test
  void shouldFindALostImage() {
    answers.remove(1);
    work = work(event(0, 1, 10), event(1, 1, 10));

    assertOnly("lost", 1);
    assertThat(check().examples()).containsExactly("0/2 has no answer");
  }

  @Test
  void shouldFindARepeatedAnswer() {
    answers.add(1, prediction(0, 0));
    work = work(event(0, 3, 30), event(1, 1, 10));

    assertOnly("doubled", 1);
  }

  @Test
  void shouldFindAPredictionBesideADeadLetterOfTheSameImage() {
    answers.add(letter(1, 0, 0));

    assertThat(check().violations()).containsEntry("doubled", 1L).containsEntry("misjudged", 1L);
  }

  @Test
  void shouldFindAnswersThatChangedPlaces() {
    answers.set(0, prediction(0, 2));
    answers.set(1, prediction(0, 0));

    assertOnly("out_of_order", 1);
  }

  @Test
  void shouldAllowAnyOrderBetweenPartitions() {
    answers.add(0, answers.remove(2));

    assertThat(check().clean()).isTrue();
  }

  @Test
  void shouldFindAnAnswerToNoImage() {
    answers.add(letter(7, 7, 7));

    assertOnly("unknown", 1);
  }

  @Test
  void shouldFindAGoodImageAmongTheDeadLetters() {
    images.set(1, image(0, 1, false));

    assertOnly("misjudged", 1);
  }

  @Test
  void shouldFindAHostileRecordWithAPrediction() {
    images.set(0, image(0, 0, true));

    assertOnly("misjudged", 1);
  }

  @Test
  void shouldTakeAnswersOfEitherModel() {
    answers.set(2, prediction(1, 0, SECOND));
    work = work(event(0, 2, 20), event(1, 1, 10, SECOND));

    assertThat(check().clean()).isTrue();
    assertThat(check().models()).isEqualTo(Map.of("m", 2L, "m8", 1L));
  }

  @Test
  void shouldFindAnAnswerOfAModelThatWasNotToServe() {
    for (AnsweringModel other :
        List.of(new AnsweringModel("m8", "h"), new AnsweringModel("m9", "h8"))) {
      answers.set(2, prediction(1, 0, other));
      work = work(event(0, 2, 20), event(1, 1, 10, other));

      assertOnly("unknown_model", 1);
    }
  }

  @Test
  void shouldFindUtilizationOfAnotherModelThanThePredictions() {
    answers.set(2, prediction(1, 0, SECOND));

    assertOnly("utilization", 2);
  }

  @Test
  void shouldFindADeadLetterWithOtherBytes() {
    answers.set(3, letter(0, 1, 99));

    assertOnly("altered", 1);
  }

  @Test
  void shouldFindAPredictionWithAnotherTimestamp() {
    answers.set(
        0, new AnswerRecord(0, 0, PREDICTIONS, FIRST, new ImageRecord.Carried(1, 2, 999), 0));

    assertOnly("altered", 1);
  }

  @Test
  void shouldFindUtilizationThatIsMissingOrTooMuch() {
    work = work(event(0, 1, 10), event(1, 2, 20));

    assertOnly("utilization", 2);
  }

  @Test
  void shouldFindChoicesThatDoNotAddUp() {
    work = work(event(0, 2, 19), event(1, 1, 10));

    assertOnly("utilization", 1);
  }

  @Test
  void shouldFindEachSabotageOfTheAnswers() {
    for (Sabotage sabotage : List.of(Sabotage.REMOVE, Sabotage.REPEAT)) {
      List<AnswerRecord> changed = new ArrayList<>(answers);
      sabotage.change(changed);

      Map<String, Long> violations = DeliveryCheck.of(images, changed, work, MODELS).violations();

      assertThat(violations).containsEntry(sabotage == Sabotage.REMOVE ? "lost" : "doubled", 1L);
    }
  }

  private DeliveryVerdict check() {
    return DeliveryCheck.of(images, answers, work, MODELS);
  }

  private void assertOnly(String violation, long count) {
    DeliveryVerdict verdict = check();
    assertThat(verdict.clean()).isFalse();
    verdict
        .violations()
        .forEach(
            (name, found) ->
                assertThat(found).as(name).isEqualTo(name.equals(violation) ? count : 0));
  }

  private static ImageRecord image(int partition, long offset, boolean hostile) {
    return image(partition, offset, hostile ? Expected.DEAD_LETTER : Expected.PREDICTION);
  }

  private static ImageRecord image(int partition, long offset, Expected expected) {
    return new ImageRecord(partition, offset, expected, carried(partition, offset), offset);
  }

  private static ImageRecord.Carried carried(int partition, long offset) {
    return new ImageRecord.Carried(1 + offset, 2 + partition, 1000 + offset);
  }

  private static AnswerRecord prediction(int partition, long offset) {
    return prediction(partition, offset, FIRST);
  }

  private static AnswerRecord prediction(int partition, long offset, AnsweringModel model) {
    return new AnswerRecord(partition, offset, PREDICTIONS, model, carried(partition, offset), 0);
  }

  private static AnswerRecord letter(int partition, long offset, long value) {
    return new AnswerRecord(partition, offset, LETTERS, null, carried(partition, offset), value);
  }

  private static SummedWork work(ExpertUtilization... events) {
    SummedWork work = new SummedWork();
    for (ExpertUtilization event : events) {
      work.add(event);
    }
    return work;
  }

  /** An event of one layer with two experts, of which the second got one choice. */
  private static ExpertUtilization event(int partition, int images, long assigned) {
    return event(partition, images, assigned, FIRST);
  }

  private static ExpertUtilization event(
      int partition, int images, long assigned, AnsweringModel model) {
    return ExpertUtilization.newBuilder()
        .setBatchId("b")
        .setBatchSize(images)
        .setImages(images)
        .setSourceTopic("images")
        .setSourcePartition(partition)
        .setFirstOffset(0)
        .setLastOffset(images)
        .setModel(model.name())
        .setWeightsHash(model.weightsHash())
        .setRequestedCapacityRatio(1)
        .setEffectiveCapacityRatio(1)
        .setExpertsPerToken(CHOICES)
        .setRouting("bpr")
        .setFlushReason("size")
        .setTokensPerImage(TOKENS)
        .setCapacity(4)
        .setSlots(4)
        .setInferenceMicros(1)
        .setLayers(
            List.of(
                new LayerUtilization(
                    1,
                    List.of(assigned - 1, 1L),
                    List.of(1L, 1L),
                    List.of(1.0, 1.0),
                    List.of(1.0, 1.0),
                    0L)))
        .setClasses(List.of())
        .build();
  }
}

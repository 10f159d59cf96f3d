package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.MockProcessorContext.CapturedPunctuator;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;

/** When the processor asks for a commit. */
class MicroBatchProcessorCommitTest extends ProcessorFixture {

  private final MockProcessorContext<byte[], Object> context = new MockProcessorContext<>();

  @Test
  void shouldAskOnceWhereLittleIsInFlightAndRestThen() {
    commitInterval = Duration.ZERO;
    answerOne();

    assertThat(context.committed()).isTrue();
    assertThat(context.scheduledPunctuators()).allMatch(CapturedPunctuator::cancelled);
  }

  @Test
  void shouldNotAskBeforeItIsTime() {
    answerOne();

    assertThat(context.committed()).isFalse();
    assertThat(context.scheduledPunctuators()).noneMatch(CapturedPunctuator::cancelled);
  }

  private void answerOne() {
    MicroBatchProcessor processor =
        new MicroBatchProcessor(shared(), observer, new PipelineTopology.Input(IMAGES.topic(), ""));
    context.setCurrentSystemTimeMs(NOON.toEpochMilli());
    context.setRecordMetadata(IMAGES.topic(), IMAGES.partition(), 0);
    processor.init(context);
    open.add(0, processor::close);
    processor.process(new Record<>(bytes("key"), avro(1, null), NOON.toEpochMilli()));
    await()
        .until(
            () -> {
              tick();
              return !context.forwarded().isEmpty();
            });
  }

  private void tick() {
    for (CapturedPunctuator scheduled : List.copyOf(context.scheduledPunctuators())) {
      if (!scheduled.cancelled()) {
        scheduled.getPunctuator().punctuate(NOON.toEpochMilli());
      }
    }
  }
}

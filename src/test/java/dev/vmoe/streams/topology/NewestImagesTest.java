package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.batch.FlushReason;
import dev.vmoe.core.batch.Share;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.inference.WatchedClassifier;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.streams.commit.Arrivals;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.topology.ImageObserver.Emission;
import dev.vmoe.streams.tracing.ImageTrace;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.junit.jupiter.api.Test;

class NewestImagesTest {

  private final WatchedClassifier watched =
      WatchedClassifier.together(List.of(new FakeClassifier())).get(0);
  private final NewestImages images = new NewestImages(() -> watched);
  private final NewestDeadLetters letters = new NewestDeadLetters();

  private BatchRun run(String id, int numImages) {
    BatchResult result =
        watched.classify(
            ByteBuffer.allocateDirect(numImages * 8 * 8 * 3),
            numImages,
            ImagePriority.equal(numImages),
            new RoutingSettings(0.5, 2, Routing.BATCH_PRIORITY));
    return new BatchRun(id, watched.card(), numImages, FlushReason.SIZE, 0, null, result, 0);
  }

  private static QueuedRecord image(int partition, long offset, String label) {
    QueuedRecord image =
        new QueuedRecord(
            new Record<>(null, new byte[0], 0),
            new RecordMetadata() {
              @Override
              public String topic() {
                return "images";
              }

              @Override
              public int partition() {
                return partition;
              }

              @Override
              public long offset() {
                return offset;
              }
            },
            ImageTrace.NONE);
    image.admitted(
        new RequestReader.Request(
            new byte[0], null, null, label, Map.of(), 1, null, new RecordHeaders()));
    return image;
  }

  private static Emission emission(BatchRun run, int partition, int... indices) {
    List<Answer<QueuedRecord>> answers = new ArrayList<>();
    for (int index : indices) {
      answers.add(
          new Answer.Classified<>(image(partition, 100 + index, "label " + index), index, 0, 0, 0));
    }
    return emission(run, answers);
  }

  private static Emission emission(BatchRun run, List<Answer<QueuedRecord>> answers) {
    return new Emission(new Share<>(run, answers), new Arrivals(0), 0, 0);
  }

  @Test
  void shouldShowImagesOnceTheyAreEmitted() {
    assertThat(images.look()).isEmpty();
    BatchRun run = run("b-1", 3);
    assertThat(images.look()).isEmpty();

    images.emitted(emission(run, 4, 2));
    assertThat(images.look().orElseThrow().images()).hasSize(1);

    images.emitted(emission(run, 5, 0, 1));
    NewestImages.ShownBatch batch = images.look().orElseThrow();
    assertThat(batch.id()).isEqualTo("b-1");
    assertThat(batch.images())
        .extracting(NewestImages.ShownImage::partition)
        .containsExactly(5, 5, 4);
    NewestImages.ShownImage last = batch.images().get(2);
    assertThat(last.offset()).isEqualTo(102);
    assertThat(last.label()).isEqualTo("label 2");
    assertThat(last.top().get(0).label()).isEqualTo("grey-0");
    assertThat(last.kept()).hasSize(2).allMatch(tokens -> tokens.length == 5);
    assertThat(last.png()).startsWith(0x89, 'P', 'N', 'G');
  }

  @Test
  void shouldEncodeEachImageOnceAndLetSharesPassMeanwhile() {
    AtomicInteger encoded = new AtomicInteger();
    AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
    NewestImages slow =
        new NewestImages(
            () -> watched,
            (rgb, width, height) -> {
              encoded.incrementAndGet();
              CompletableFuture.runAsync(meanwhile.getAndSet(() -> {}))
                  .orTimeout(10, TimeUnit.SECONDS)
                  .join();
              return new byte[1];
            });
    slow.look();
    BatchRun run = run("b-1", 3);
    slow.emitted(emission(run, 4, 2));
    meanwhile.set(() -> slow.emitted(emission(run, 4, 0)));

    assertThat(slow.look().orElseThrow().images()).hasSize(1);
    assertThat(slow.look().orElseThrow().images()).hasSize(2);
    assertThat(slow.look().orElseThrow().images()).hasSize(2);
    assertThat(encoded).hasValue(2);
  }

  @Test
  void shouldPassOverSharesOfOtherBatches() {
    BatchRun unseen = run("b-1", 1); // before anybody looked
    images.look();
    run("b-2", 1);

    images.emitted(emission(unseen, 0, 0));

    assertThat(images.look()).isEmpty();
  }

  @Test
  void shouldKeepTheLastDeadLettersWithBoundedReasons() {
    BatchRun run = run("b-1", 1);
    for (int i = 0; i < 25; i++) {
      letters.emitted(
          emission(
              run,
              List.of(
                  new Answer.Rejected<>(
                      image(1, i, null), i + " " + "x".repeat(1000), Answer.Cause.IMAGE))));
    }

    List<NewestDeadLetters.Letter> newest = letters.newest();
    assertThat(newest).hasSize(20);
    assertThat(newest.get(0).offset()).isEqualTo(24);
    assertThat(newest.get(0).reason()).startsWith("24 xxx").hasSize(501);
  }
}

package dev.vmoe.core.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WatchedClassifierTest {

  private static final int IMAGE_BYTES = 8 * 8 * 3;

  private final FakeClassifier classifier = new FakeClassifier();
  private long millis = 1_000;
  private final WatchedClassifier watched =
      new WatchedClassifier(classifier, () -> TimeUnit.MILLISECONDS.toNanos(millis));

  private BatchResult run(int images) {
    ByteBuffer pixels = ByteBuffer.allocateDirect(images * IMAGE_BYTES);
    for (int i = 0; i < pixels.capacity(); i++) {
      pixels.put(i, (byte) (i / IMAGE_BYTES));
    }
    return watched.classify(
        pixels,
        images,
        ImagePriority.equal(images),
        new RoutingSettings(0.5, 2, Routing.BATCH_PRIORITY));
  }

  @Test
  void shouldKeepNothingWhileNobodyLooks() {
    run(4);

    assertThat(watched.last()).isEmpty();
    assertThat(classifier.runs()).isEqualTo(1);
  }

  @Test
  void shouldKeepTheFirstImagesOfTheVeryRun() {
    watched.viewed();
    BatchResult result = run(20);

    WatchedClassifier.WatchedImages sight = watched.last().orElseThrow();
    assertThat(classifier.runs()).isEqualTo(1);
    assertThat(sight.result()).isSameAs(result);
    assertThat(sight.result().kept()).hasSize(20 * 2 * 5);
    assertThat(sight.numImages()).isEqualTo(WatchedClassifier.MAX_IMAGES);
    assertThat(sight.pixels()).hasSize(WatchedClassifier.MAX_IMAGES * IMAGE_BYTES);
    assertThat(sight.pixels()[IMAGE_BYTES - 1]).isZero();
    assertThat(sight.pixels()[11 * IMAGE_BYTES]).isEqualTo((byte) 11);
  }

  @Test
  void shouldKeepOneBatchASecond() {
    watched.viewed();
    BatchResult first = run(1);
    millis += 999;
    run(1);
    assertThat(watched.last().orElseThrow().result()).isSameAs(first);

    millis += 1;
    BatchResult third = run(1);
    assertThat(watched.last().orElseThrow().result()).isSameAs(third);
  }

  @Test
  void shouldForgetWhenNobodyLooksAnyMore() {
    watched.viewed();
    run(1);
    millis += 5_001;
    run(1);
    assertThat(watched.last()).isEmpty();

    watched.viewed();
    run(1);
    assertThat(watched.last()).isPresent();
  }

  @Test
  void shouldShowTheLastBatchOfWhicheverClassifierIsWatchedTogether() {
    List<WatchedClassifier> both =
        WatchedClassifier.together(
            List.of(new FakeClassifier(), new FakeClassifier(Duration.ZERO, "other")));
    both.get(0).viewed();
    ByteBuffer images = ByteBuffer.allocateDirect(8 * 8 * 3);

    both.get(1).classify(images, 1, new RoutingSettings(1, 1, Routing.VANILLA));

    assertThat(both.get(0).last().orElseThrow().card().name()).isEqualTo("other");
  }
}

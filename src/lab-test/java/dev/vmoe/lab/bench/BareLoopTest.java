package dev.vmoe.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class BareLoopTest {

  private static final RoutingSettings SETTINGS =
      new RoutingSettings(1.05, 2, Routing.BATCH_PRIORITY);

  @ParameterizedTest
  @CsvSource({"1,1", "1,2", "2,1", "3,2"})
  void shouldDecodeAndRunEveryBatchOnce(int runs, int threads) throws Exception {
    FakeClassifier classifier = new FakeClassifier();
    Queue<Integer> decoded = new ConcurrentLinkedQueue<>();
    try (BareLoop loop =
        new BareLoop(
            new BenchModel(
                classifier, (encoded, images, slot) -> decoded.add((int) encoded[0]), SETTINGS, 4),
            new RunLayout(runs, threads))) {
      assertThat(loop.imagesPerSecond(List.of(new byte[] {1}, new byte[] {2}), 18)).isPositive();
    }
    assertThat(classifier.runs()).isEqualTo(5); // rounded up to whole batches
    assertThat(decoded).hasSize(20);
    assertThat(decoded.stream().filter(image -> image == 1)).hasSize(10);
  }

  @Test
  void shouldRunAsManyBatchesAtOnceAsTheLayoutHas() throws Exception {
    CyclicBarrier together = new CyclicBarrier(2);
    BatchClassifier pair = new Pair(together);
    try (BareLoop loop =
        new BareLoop(
            new BenchModel(pair, (encoded, images, slot) -> {}, SETTINGS, 1),
            new RunLayout(2, 1))) {
      assertThat(loop.imagesPerSecond(List.of(new byte[1]), 2)).isPositive();
    }
  }

  @Test
  void shouldFailWithTheImageThatCannotBeDecoded() {
    try (BareLoop loop =
        new BareLoop(
            new BenchModel(
                new FakeClassifier(),
                (encoded, images, slot) -> {
                  throw new BadImageException("no picture");
                },
                SETTINGS,
                4),
            new RunLayout(1, 2))) {
      assertThatThrownBy(() -> loop.imagesPerSecond(List.of(new byte[1]), 4))
          .hasMessageContaining("no picture");
    }
  }

  /** A classifier whose runs wait for each other. */
  private record Pair(CyclicBarrier together) implements BatchClassifier {

    @Override
    public ModelCard card() {
      return new FakeClassifier().card();
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      try {
        together.await(10, TimeUnit.SECONDS);
      } catch (Exception e) {
        throw new IllegalStateException("nothing ran beside", e);
      }
      return new FakeClassifier().classify(images, numImages, priorities, settings);
    }

    @Override
    public void close() {}
  }
}

package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.event.ClassUtilization;
import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.settings.EventFormat;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class UtilizationSizeTest {

  private static final int IMAGES = 100;

  private final ModelCard card = new FakeClassifier().card();

  private List<LayerUtilization> layers() {
    int experts = card.numExperts();
    return card.moeBlocks().stream()
        .map(
            block ->
                new LayerUtilization(
                    block,
                    Collections.nCopies(experts, 1L << 33),
                    Collections.nCopies(experts, 1L << 33),
                    Collections.nCopies(experts, Math.PI / 1e100),
                    Collections.nCopies(experts, Math.PI / 1e100),
                    1L << 33))
        .toList();
  }

  /** JSON escapes a control character in six. */
  @ParameterizedTest
  @EnumSource
  void shouldBoundTheLargestEventClosely(EventFormat format) {
    String name = "x".repeat(249);
    ClassUtilization ofClass =
        ClassUtilization.newBuilder()
            .setLabel("\u0001".repeat(RequestReader.MAX_LABEL_BYTES))
            .setClassIndex(1 << 20)
            .setImages(IMAGES)
            .setLayers(layers())
            .build();
    ExpertUtilization event =
        ExpertUtilization.newBuilder()
            .setBatchId(name)
            .setBatchSize(IMAGES)
            .setImages(IMAGES)
            .setSourceTopic(name)
            .setSourcePartition(1 << 20)
            .setFirstOffset(Long.MAX_VALUE)
            .setLastOffset(Long.MAX_VALUE)
            .setModel(name)
            .setWeightsHash(name)
            .setRequestedCapacityRatio(1.05)
            .setEffectiveCapacityRatio(1.05)
            .setExpertsPerToken(2)
            .setRouting(name)
            .setFlushReason(name)
            .setTokensPerImage(1 << 20)
            .setCapacity(1 << 20)
            .setSlots(0.1)
            .setInferenceMicros(Long.MAX_VALUE)
            .setDecision(name)
            .setConfigurationVersion(Long.MAX_VALUE)
            .setLayers(layers())
            .setClasses(Collections.nCopies(IMAGES, ofClass))
            .build();
    RegistryClient registry = new RegistryClient("mock://utilization", Map.of(), Duration.ZERO);
    byte[] bytes =
        Objects.requireNonNull(
            new EventSerializer<ExpertUtilization>(format, registry)
                .serialize("utilization", event));

    assertThat((long) bytes.length)
        .isBetween(
            ShareEvents.maxUtilizationBytes(card, IMAGES, format) * 8 / 10,
            ShareEvents.maxUtilizationBytes(card, IMAGES, format));
  }
}

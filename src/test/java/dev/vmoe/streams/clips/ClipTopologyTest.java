package dev.vmoe.streams.clips;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.event.ClassScore;
import dev.vmoe.event.ClassSum;
import dev.vmoe.event.Clip;
import dev.vmoe.event.EventReader;
import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.JsonSchemas;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.Settings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Windows of a second; times in milliseconds. */
class ClipTopologyTest {

  private static final Duration SILENCE = ClipProcessor.SILENCE.plusSeconds(1);

  private final RegistryClient registry =
      new RegistryClient("mock://" + UUID.randomUUID(), Map.of(), Duration.ZERO);
  private final EventReader<Clip> reader = new EventReader<>(registry, Clip.class);
  private final EventSerializer<Prediction> predictions =
      new EventSerializer<>(EventFormat.AVRO, registry);

  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> input;
  private TestOutputTopic<byte[], byte[]> output;

  @BeforeEach
  void start() {
    start(EventFormat.AVRO);
  }

  private void start(EventFormat format) {
    Settings settings =
        new Settings(
            Map.of(
                "clips.window.ms",
                1000,
                "predictions.format",
                format.name().toLowerCase(Locale.ROOT)));
    Properties properties = new Properties();
    properties.put("application.id", "test");
    properties.put("bootstrap.servers", "nowhere:1");
    properties.put("processing.guarantee", "exactly_once_v2");
    driver =
        new TopologyTestDriver(
            ClipTopology.build(settings, registry), properties, Instant.ofEpochSecond(1_000_000));
    input =
        driver.createInputTopic(
            "vmoe.predictions", new ByteArraySerializer(), new ByteArraySerializer());
    output =
        driver.createOutputTopic(
            "vmoe.clips", new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  @AfterEach
  void close() {
    driver.close();
  }

  private static Prediction prediction(@Nullable String id, ClassScore... top) {
    return Prediction.newBuilder()
        .setTop(List.of(top))
        .setId(id)
        .setModel("m")
        .setWeightsHash("aa")
        .setRequestedCapacityRatio(1.05)
        .setEffectiveCapacityRatio(1.05)
        .setExpertsPerToken(2)
        .setRouting("bpr")
        .setBatchId("a-1")
        .setBatchSize(1)
        .setFlushReason("size")
        .setProcessedShare(1)
        .setQueueMicros(1)
        .setDecodeMicros(1)
        .setInferenceMicros(1)
        .setSourceTopic("vmoe.images")
        .setSourcePartition(2)
        .setSourceOffset(id == null ? 0 : Long.parseLong(id))
        .build();
  }

  /** Pipes a frame with scores of a cat and a dog. */
  private void frame(String key, long time, @Nullable String id, double cat, double dog) {
    ClassScore cats = new ClassScore(3, "cat", (float) cat);
    ClassScore dogs = new ClassScore(5, "dog", (float) dog);
    frame(key, time, cat > dog ? prediction(id, cats, dogs) : prediction(id, dogs, cats));
  }

  private void frame(String key, long time, Prediction prediction) {
    input.pipeInput(
        key.getBytes(StandardCharsets.UTF_8),
        predictions.serialize("vmoe.predictions", prediction),
        time);
  }

  private void cat(String key, long... times) {
    for (long time : times) {
      frame(key, time, null, 0.5, 0.25);
    }
  }

  /** What came out: key, start of the window, frames, late frames, gap and missing windows. */
  private List<String> clips() throws Exception {
    List<String> said = new ArrayList<>();
    for (TestRecord<byte[], byte[]> record : output.readRecordsToList()) {
      Clip clip = reader.read(record.value());
      said.add(
          "%s %d: %d frames, %d late, gap %s, missing %d"
              .formatted(
                  new String(record.key(), StandardCharsets.UTF_8),
                  clip.getWindowStart(),
                  clip.getFrames(),
                  clip.getLate(),
                  clip.getGapMillis(),
                  clip.getMissingWindows()));
    }
    return said;
  }

  @Test
  void shouldSayTheClassWithTheLargestSumWhenTheNextWindowBegins() throws Exception {
    frame("a", 5_000, "7", 0.25, 0.5);
    frame("a", 5_999, "9", 0.25, 0.5);
    frame("a", 5_500, "8", 1, 0);
    assertThat(output.isEmpty()).isTrue();
    frame("a", 6_000, "10", 0.5, 0.25);

    TestRecord<byte[], byte[]> record = output.readRecord();
    Clip clip = reader.read(record.value());
    assertThat(record.key()).isEqualTo("a".getBytes(StandardCharsets.UTF_8));
    assertThat(record.timestamp()).isEqualTo(5_999);
    assertThat(clip)
        .isEqualTo(
            Clip.newBuilder()
                .setWindowStart(5_000)
                .setWindowEnd(6_000)
                .setLabel("cat")
                .setClassIndex(3)
                .setShare(0.6)
                .setFrames(3)
                .setLatestTime(5_999)
                .setLatestId("9")
                .setLatestTopic("vmoe.images")
                .setLatestPartition(2)
                .setLatestOffset(9)
                .setScoreSum(2.5)
                .setClasses(List.of(new ClassSum(3, "cat", 1.5), new ClassSum(5, "dog", 1.0)))
                .build());
    assertThat(output.isEmpty()).isTrue();
  }

  @Test
  void shouldKeepKeysApartWhateverTheirClocksSay() throws Exception {
    cat("a", 5_000, 5_500);
    cat("b", 90_100, 90_200);
    cat("a", 5_600, 6_000);
    cat("b", 91_000);

    assertThat(clips())
        .containsExactly(
            "a 5000: 3 frames, 0 late, gap null, missing 0",
            "b 90000: 2 frames, 0 late, gap null, missing 0");
  }

  @Test
  void shouldCountLateFramesInNoSum() throws Exception {
    cat("a", 5_000, 6_000, 5_900, 5_999, 6_500, 7_000, 6_999, 8_000);

    assertThat(clips())
        .containsExactly(
            "a 5000: 1 frames, 0 late, gap null, missing 0",
            "a 6000: 2 frames, 2 late, gap 0, missing 0",
            "a 7000: 1 frames, 1 late, gap 0, missing 0");
  }

  @Test
  void shouldSayGaps() throws Exception {
    cat("a", 5_000, 6_900, 9_000, 10_000, 11_000);

    assertThat(clips())
        .containsExactly(
            "a 5000: 1 frames, 0 late, gap null, missing 0",
            "a 6000: 1 frames, 0 late, gap 1900, missing 0",
            "a 9000: 1 frames, 0 late, gap 2100, missing 2",
            "a 10000: 1 frames, 0 late, gap 0, missing 0");
  }

  @Test
  void shouldCloseTheLastWindowOfASilentKeyOnce() throws Exception {
    cat("a", 5_000);
    driver.advanceWallClockTime(SILENCE.minusSeconds(1));
    cat("b", 5_000);
    assertThat(clips()).isEmpty();
    driver.advanceWallClockTime(Duration.ofSeconds(5));
    assertThat(clips()).containsExactly("a 5000: 1 frames, 0 late, gap null, missing 0");

    driver.advanceWallClockTime(SILENCE);
    assertThat(clips()).containsExactly("b 5000: 1 frames, 0 late, gap null, missing 0");
    driver.advanceWallClockTime(SILENCE);
    assertThat(clips()).isEmpty();

    cat("a", 5_600, 9_000, 10_000);
    assertThat(clips()).containsExactly("a 9000: 1 frames, 1 late, gap 4000, missing 3");
  }

  @Test
  void shouldTakeUpACameraWhoseClockWasSetBackOnceItsOldTimeIsForgotten() throws Exception {
    cat("a", 5_000_000);
    for (int i = 0; i < 130; i++) {
      driver.advanceWallClockTime(Duration.ofSeconds(5));
      cat("a", 5_000 + i);
    }
    assertThat(clips().get(0)).isEqualTo("a 5000000: 1 frames, 6 late, gap null, missing 0");
    cat("a", 6_000);

    assertThat(clips()).singleElement().asString().startsWith("a 5000: ").contains("gap null");
    assertThat(driver.getKeyValueStore("windows").approximateNumEntries()).isEqualTo(1);
  }

  @Test
  void shouldKeepAtMostSoManyKeys() throws Exception {
    for (int i = 0; i <= ClipProcessor.MAX_KEYS; i++) {
      cat("key-" + i, 5_000);
    }

    assertThat(clips()).containsExactly("key-0 5000: 1 frames, 0 late, gap null, missing 0");
    assertThat(driver.getKeyValueStore("windows").approximateNumEntries())
        .isEqualTo(ClipProcessor.MAX_KEYS);
  }

  @Test
  void shouldSkipWhatIsNoFrameOfAKey() throws Exception {
    cat("a", 5_000);
    byte[] value = predictions.serialize("vmoe.predictions", prediction(null));
    input.pipeInput("a".getBytes(StandardCharsets.UTF_8), value, 5_100);
    input.pipeInput("a".getBytes(StandardCharsets.UTF_8), new byte[] {0, 9}, 5_100);
    input.pipeInput("a".getBytes(StandardCharsets.UTF_8), null, 5_100);
    input.pipeInput(null, predictions.serialize("vmoe.predictions", prediction("1")), 5_100);
    frame("a", 5_100, null, Double.NaN, 0.5);
    frame("a", 5_100, prediction("1", new ClassScore(1, "x".repeat(2_000), 0.5F)));
    cat("a", 5_200, Long.MAX_VALUE, 5_300);

    assertThat(clips()).containsExactly("a 5000: 2 frames, 0 late, gap null, missing 0");
  }

  @Test
  void shouldKeepTheLargestSumsOfManyClassesAndCountAllInTheShare() throws Exception {
    int classes = 3 * ClipWindows.MAX_CLASSES;
    for (int i = 0; i < classes; i++) {
      frame("a", 5_000, prediction(null, new ClassScore(i, "of " + i, i == 7 ? 0.5F : 0.25F)));
    }
    cat("a", 6_000);

    Clip clip = reader.read(output.readValue());
    assertThat(clip.getLabel()).isEqualTo("of 7");
    assertThat(clip.getClasses()).hasSize(ClipWindows.MAX_CLASSES);
    assertThat(clip.getShare()).isEqualTo(0.5 / (0.25 * classes + 0.25));
  }

  @Test
  void shouldWriteClipsInTheFormatOfPredictions() throws Exception {
    driver.close();
    start(EventFormat.JSON);
    cat("a", 5_000, 6_000);

    TestRecord<byte[], byte[]> record = output.readRecord();
    assertThat(record.headers().lastHeader("content-type").value())
        .isEqualTo("application/json".getBytes(StandardCharsets.US_ASCII));
    assertThat(JsonSchemas.problems("Clip", record.value())).isEmpty();
    assertThat(reader.read(record.value()).getLabel()).isEqualTo("cat");
  }
}

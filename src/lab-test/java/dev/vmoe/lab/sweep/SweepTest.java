package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.ModelCards;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sweeps of a model that classifies by grey value: 30 images, every third of a wrong label. */
class SweepTest {

  private static final int IMAGES = 30;
  private static final long SEED = 3;
  private static final ModelCard CARD = new FakeClassifier().card();
  private static final Map<String, String> IDENTITY = Map.of("model", "fake", "seed", "3");
  private static final SweepPlan PLAN =
      new SweepPlan(List.of(0.25, 2.0), List.of(1, 2), List.of(1, 4), true);

  @TempDir Path folder;

  private Path images;

  @BeforeEach
  void writeImages() throws IOException {
    images = folder.resolve("images.csv");
    StringBuilder csv = new StringBuilder();
    for (int i = 0; i < IMAGES; i++) {
      int grey = i * 8;
      Files.write(folder.resolve(i + ".png"), FakeDecoder.grey(grey));
      int label = (grey * 10 / 256 + (i % 3 == 0 ? 1 : 0)) % 10;
      csv.append(i).append(".png,grey-").append(label).append('\n');
    }
    Files.writeString(images, csv);
  }

  @Test
  void shouldCountEverySettingOnEveryImage() throws IOException {
    List<SweepRow> rows = rows(sweepWhole("out"));

    assertThat(rows).hasSize(2 * (1 + 2 * 2 * 2));
    assertThat(rows)
        .allSatisfy(
            row -> {
              assertThat(row.images()).isEqualTo(IMAGES);
              assertThat(row.correct()).isEqualTo(20);
              assertThat(row.accuracy())
                  .isBetween(row.accuracyInterval().low(), row.accuracyInterval().high());
            });
    assertThat(rows).filteredOn(row -> row.point().isDense()).hasSize(2);
    assertThat(row(rows, 2.0, 4).processed()).isEqualTo(1);
    assertThat(row(rows, 0.25, 4).processed()).isBetween(0.2, 0.5);
    // 5 tokens, K 2: 0.25 asks for 0.625 slots of 4 experts and gets 4
    assertThat(row(rows, 0.25, 1).effectiveRatio()).isEqualTo(1.6);
    assertThat(row(rows, 0.25, 1).minusDense()).isEqualTo(new Interval(0, 0, 0));
  }

  @Test
  void shouldGoOnWhereItWasCutOff() throws IOException {
    List<SweepRun> whole = sweepWhole("whole");
    Path cut = folder.resolve("cut");
    for (int lives : new int[] {5, 40, 41}) { // runs of the model before it fails
      assertThatThrownBy(() -> sweep(cut, new Mortal(lives)))
          .isInstanceOf(IllegalStateException.class);
    }
    int before = lines(cut).size();
    assertThat(before).isBetween(4, whole.size());
    Files.writeString(
        cut.resolve("runs.csv"), String.join("\n", lines(cut)) + "\n0,bpr,2,0.2"); // in mid-line

    List<SweepRun> resumed = sweep(cut, new FakeClassifier());

    assertThat(resumed)
        .extracting(SweepTest::withoutTime)
        .containsExactlyElementsOf(whole.stream().map(SweepTest::withoutTime).toList());
    assertThat(lines(cut)).hasSize(whole.size() + 1);
    assertThat(rows(resumed).stream().map(SweepTest::withoutTime))
        .containsExactlyElementsOf(rows(whole).stream().map(SweepTest::withoutTime).toList());
  }

  @Test
  void shouldRunNothingAgainThatIsDone() throws IOException {
    sweepWhole("out");
    FakeClassifier untouched = new FakeClassifier();

    sweep(folder.resolve("out"), untouched);

    assertThat(untouched.runs()).isZero();
  }

  @Test
  void shouldRefuseToMixSweepsUnlessRestarted() throws IOException {
    Path out = folder.resolve("out");
    sweepWhole("out");
    Map<String, String> other = Map.of("model", "fake", "seed", "4");

    assertThatThrownBy(() -> SweepLog.open(out, other, false).close())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("seed was 3, is 4")
        .hasMessageNotContaining("model was")
        .hasMessageContaining("--restart");
    try (SweepLog log = SweepLog.open(out, other, true)) {
      assertThat(log.runs()).isEmpty();
    }
    try (SweepLog log = SweepLog.open(out, other, false)) {
      assertThat(log.runs()).isEmpty();
    }
  }

  @Test
  void shouldNameTheLineThatIsDamaged() throws IOException {
    Path out = folder.resolve("out");
    sweepWhole("out");
    List<String> lines = new ArrayList<>(lines(out));
    lines.set(2, lines.get(2).replaceFirst("bpr|vanilla|dense", "best"));
    Files.write(out.resolve("runs.csv"), lines);

    assertThatThrownBy(() -> SweepLog.open(out, IDENTITY, false).close())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("runs.csv line 3")
        .hasMessageContaining("best");
  }

  @Test
  void shouldDrawTheSampleFromWhatIsNotSkipped() throws IOException {
    ImageSample all = sample(10, null, SEED);
    ImageSample few = sample(10, 6, SEED);

    assertThat(all.size()).isEqualTo(20);
    assertThat(greys(all)).hasSize(20).allMatch(grey -> grey >= 80).doesNotHaveDuplicates();
    assertThat(greys(all)).isNotEqualTo(greys(all).stream().sorted().toList());
    assertThat(greys(few)).isEqualTo(greys(all).subList(0, 6));
    assertThat(greys(sample(10, null, SEED + 1))).isNotEqualTo(greys(all));
    assertThatThrownBy(() -> sample(IMAGES, null, SEED))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("30 images, none is left after skipping 30");
  }

  @Test
  void shouldFitBatchesOfEverySizeIntoASlice() {
    assertThat(plan(1, 4, 16, 64).sliceImages()).isEqualTo(256);
    assertThat(plan(24, 64).sliceImages()).isEqualTo(192);
    assertThat(plan(300).sliceImages()).isEqualTo(300);
    assertThatThrownBy(() -> plan(63, 64, 65))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[63, 64, 65] fit together only every 262080 images");
  }

  @Test
  void shouldLadderUpToWhereNothingIsDropped() {
    assertThat(SweepPlan.ladder(CARD)) // 4 experts, K 2
        .containsExactly(0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1.05, 2.0);
  }

  @Test
  void shouldRefuseATwinThatIsNone() throws IOException {
    FakeClassifier model = new FakeClassifier();
    ImageSample sample = sample(0, null, SEED);

    assertThatThrownBy(() -> new Sweep(model, model, PLAN, sample, SEED))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fake is no dense model");
    assertThatThrownBy(() -> new Sweep(new Twin(), null, PLAN, sample, SEED))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no capacity to sweep");
  }

  private static SweepPlan plan(Integer... batches) {
    return new SweepPlan(List.of(1.0), List.of(1), List.of(batches), false);
  }

  private static SweepRow row(List<SweepRow> rows, double ratio, int batch) {
    SweepPoint point = new SweepPoint(new RoutingSettings(ratio, 2, Routing.BATCH_PRIORITY), batch);
    return rows.stream().filter(row -> row.point().equals(point)).findFirst().orElseThrow();
  }

  private ImageSample sample(int skip, Integer limit, long seed) throws IOException {
    int slotBytes = CARD.imageSize() * CARD.imageSize() * 3;
    return new ImageSample(images, CARD, new FakeDecoder(slotBytes), skip, limit, 12, seed);
  }

  /** Returns the grey value of each image of a sample, in its order. */
  private static List<Integer> greys(ImageSample sample) throws IOException {
    List<Integer> greys = new ArrayList<>();
    for (int slice = 0; slice < sample.slices(); slice++) {
      ByteBuffer pixels = sample.slice(slice).images();
      for (int i = 0; i < sample.sizeOf(slice); i++) {
        greys.add(Byte.toUnsignedInt(pixels.get(i * CARD.imageSize() * CARD.imageSize() * 3)));
      }
    }
    return greys;
  }

  private List<SweepRun> sweepWhole(String name) throws IOException {
    List<SweepRun> runs = sweep(folder.resolve(name), new FakeClassifier());
    Set<Object> units = new HashSet<>();
    runs.forEach(run -> units.add(Arrays.asList(run.slice(), run.point())));
    assertThat(units).hasSize(3 * PLAN.points().size()).hasSameSizeAs(runs);
    return runs;
  }

  private List<SweepRun> sweep(Path out, BatchClassifier model) throws IOException {
    Sweep sweep = new Sweep(model, new Twin(), PLAN, sample(0, null, SEED), SEED);
    try (SweepLog log = SweepLog.open(out, IDENTITY, false)) {
      sweep.run(log, done -> {});
      return log.runs();
    }
  }

  private static List<SweepRow> rows(List<SweepRun> runs) {
    return SweepSummary.of(PLAN.points(), runs, "fake", "twin", Statistics.medians(SEED));
  }

  private static List<String> lines(Path out) throws IOException {
    return Files.readAllLines(out.resolve("runs.csv"));
  }

  private static SweepRun withoutTime(SweepRun run) {
    return new SweepRun(
        run.slice(),
        run.point(),
        run.images(),
        run.correct(),
        run.assigned(),
        run.dispatched(),
        run.effectiveRatio(),
        0);
  }

  private static SweepRow withoutTime(SweepRow row) {
    return new SweepRow(
        row.model(),
        row.point(),
        row.effectiveRatio(),
        row.images(),
        row.correct(),
        row.accuracyInterval(),
        row.minusDense(),
        0,
        null,
        row.processed());
  }

  /** A model that fails for good after some runs. */
  private static final class Mortal implements BatchClassifier {

    private final FakeClassifier model = new FakeClassifier();
    private final int lives;

    Mortal(int lives) {
      this.lives = lives;
    }

    @Override
    public ModelCard card() {
      return model.card();
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      if (model.runs() == lives) {
        throw new IllegalStateException("told to fail");
      }
      return model.classify(images, numImages, priorities, settings);
    }

    @Override
    public void close() {}
  }

  /** The fake model without experts, which takes a millisecond for a batch. */
  private static final class Twin implements BatchClassifier {

    private final FakeClassifier model = new FakeClassifier();

    @Override
    public ModelCard card() {
      return ModelCards.of(
          "twin",
          "1111",
          CARD.classes(),
          CARD.imageSize(),
          CARD.tokensPerImage(),
          List.of(),
          0,
          0,
          CARD.capacityRatio(),
          true,
          CARD.resize(),
          "none");
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      BatchResult result = model.classify(images, numImages, priorities, settings);
      return new BatchResult(
          result.logits(),
          new RoutingCounts(
              numImages, 0, 0, new int[0], new int[0], new float[0], new float[0], new int[0]),
          settings,
          0,
          settings.capacityRatio(),
          1_000_000,
          new float[0][],
          new byte[0]);
    }

    @Override
    public void close() {}
  }
}

package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.batch.BatchTerms;
import dev.vmoe.core.batch.Lane;
import dev.vmoe.core.batch.MicroBatcher;
import dev.vmoe.core.batch.Share;
import dev.vmoe.core.batch.WideBounds;
import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.Sample;
import dev.vmoe.core.capacity.Samples;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TermsInForceTest {

  private static final String REFUSED = "0.99";
  private static final Duration FOREVER = Duration.ofSeconds(20);
  private static final Settings FILE =
      new Settings(
          Map.of("batch.max.images", 2, "batch.linger.ms", 10_000, "target.latency.ms", 30_000));

  private final FakeClassifier classifier = new FakeClassifier();
  private final Factory factory = new Factory();
  private final TermsInForce inForce =
      new TermsInForce(
          ModelSource.only(null, classifier, new FakeDecoder(8 * 8 * 3), factory),
          now -> new Load(10 * now, 3, 7),
          1_000_000,
          Pipeline.metrics(new Meters(), classifier.card()));

  /** Remembers what it made controllers for, and which of them decided. */
  private static final class Factory implements ControllerFactory {

    final List<LiveSettings> created = new CopyOnWriteArrayList<>();
    final List<LiveSettings> checked = new CopyOnWriteArrayList<>();
    final List<Integer> decided = new CopyOnWriteArrayList<>();
    final List<Sample> samples = new CopyOnWriteArrayList<>();

    @Override
    public CapacityController create(LiveSettings settings) {
      if (Double.toString(settings.capacity().ratio()).equals(REFUSED)) {
        throw new IllegalArgumentException("ratio " + REFUSED);
      }
      int number = created.size();
      created.add(settings);
      CapacityController fixed = ControllerFactory.fixed().create(settings);
      return new CapacityController() {
        @Override
        public Decision decide(Sample sample) {
          decided.add(number);
          samples.add(sample);
          return fixed.decide(sample);
        }

        @Override
        public long fastestRunNanos(int images) {
          return 11L * images;
        }
      };
    }

    @Override
    public void check(LiveSettings settings) {
      checked.add(settings);
      if (settings.linger().toMillis() == 77) {
        throw new IllegalArgumentException("linger 77");
      }
    }
  }

  @AfterEach
  void close() {
    inForce.close();
  }

  @Test
  void shouldDecideABatchUnderTheTermsItWasOpenedUnder() throws Exception {
    change(null, Map.of("capacity.mode", "fixed"));
    try (MicroBatcher<Integer> batcher =
        new MicroBatcher<>(inForce::terms, WideBounds.ofThreads(1), (run, all) -> {})) {
      Lane<Integer> lane = batcher.openLane();
      submit(lane, 1);
      change(
          7L,
          Map.of(
              "capacity.mode", "fixed",
              "capacity.ratio", "0.5",
              "routing", "vanilla",
              "batch.max.images", "3"));
      submit(lane, 1);
      BatchRun open = take(lane);
      submit(lane, 3);
      BatchRun next = take(lane);

      assertThat(open.numImages()).as("limit of the old terms").isEqualTo(2);
      assertThat(open.decision().configurationVersion()).isNull();
      assertThat(open.decision().point()).isEqualTo(new OperatingPoint(1.05, 2));
      assertThat(open.decision().routing()).isEqualTo(Routing.BATCH_PRIORITY);
      assertThat(next.numImages()).isEqualTo(3);
      assertThat(next.decision().configurationVersion()).isEqualTo(7);
      assertThat(next.decision().point()).isEqualTo(new OperatingPoint(0.5, 2));
      assertThat(next.decision().routing()).isEqualTo(Routing.VANILLA);
      assertThat(factory.decided).containsExactly(0, 1);
    }
  }

  @Test
  void shouldSayTheVersionThatABatchWasOpenedUnderWhereTheControllerIsKept() throws Exception {
    change(6L, Map.of());
    try (MicroBatcher<Integer> batcher =
        new MicroBatcher<>(inForce::terms, WideBounds.ofThreads(1), (run, all) -> {})) {
      Lane<Integer> lane = batcher.openLane();
      submit(lane, 1);
      change(7L, Map.of());
      submit(lane, 3);

      assertThat(take(lane).decision().configurationVersion()).isEqualTo(6);
      assertThat(take(lane).decision().configurationVersion()).isEqualTo(7);
      assertThat(factory.decided).containsExactly(0, 0);
    }
  }

  @Test
  void shouldKeepTheControllerAndWhatItHasLearntWhereNothingConcernsIt() {
    change(null, Map.of());
    BatchTerms file = inForce.terms();

    change(5L, Map.of("batch.linger.ms", "3"));
    assertThat(inForce.terms().controller()).isSameAs(file.controller());
    assertThat(inForce.terms().limits().linger()).isEqualTo(Duration.ofMillis(3));
    assertThat(inForce.current().version()).isEqualTo(5);
    change(6L, Map.of("capacity.ratio", "0.5"));
    assertThat(inForce.terms().controller())
        .as("no fixed point counts")
        .isSameAs(file.controller());

    change(7L, Map.of("target.latency.ms", "15000"));
    assertThat(inForce.terms().controller()).isNotSameAs(file.controller());
    change(8L, Map.of("target.latency.ms", "15000", "batch.max.images", "8"));
    assertThat(factory.created).hasSize(3);
  }

  @Test
  void shouldCheckWhatTheKeptControllerIsNotMadeFor() {
    change(null, Map.of());
    BatchTerms before = inForce.terms();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> change(9L, Map.of("batch.linger.ms", "77")))
        .withMessage("linger 77");
    assertThat(inForce.terms()).isSameAs(before);
  }

  @Test
  void shouldStayAsItIsWhenTheFactoryRefuses() {
    change(null, Map.of("capacity.mode", "fixed"));
    BatchTerms before = inForce.terms();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> change(9L, Map.of("capacity.mode", "fixed", "capacity.ratio", REFUSED)))
        .withMessageContaining("ratio 0.99");
    assertThat(inForce.terms()).isSameAs(before);
  }

  @Test
  void shouldReplaceTheTermsOnlyOnceAChangeIsMade() {
    change(null, Map.of());
    BatchTerms before = inForce.terms();

    inForce.prepare(live(4L, Map.of("batch.max.images", "8")));

    assertThat(inForce.terms()).isSameAs(before);
  }

  @Test
  void shouldTellTheControllerTheLoad() {
    change(null, Map.of());
    Sample sample = Samples.of(5, 1, 0, 0, 0, null, Load.UNKNOWN);

    inForce.terms().controller().decide(sample);

    assertThat(factory.samples).singleElement().isEqualTo(sample.withLoad(new Load(50, 3, 7)));
    assertThat(inForce.terms().controller().fastestRunNanos(3)).isEqualTo(33);
  }

  private void change(Long version, Map<String, String> overrides) {
    inForce.prepare(live(version, overrides)).make();
  }

  private static LiveSettings live(Long version, Map<String, String> overrides) {
    return LiveSettings.of(FILE, new HashMap<>(overrides), version);
  }

  private static void submit(Lane<Integer> lane, int images) {
    for (int i = 0; i < images; i++) {
      lane.submit(i, FakeDecoder.grey(i), ImagePriority.DEFAULT, Lane.NEVER_DUE);
    }
  }

  private static BatchRun take(Lane<Integer> lane) throws InterruptedException {
    assertThat(lane.await(FOREVER)).isTrue();
    Share<Integer> share = lane.poll();
    return share.run();
  }

  @Test
  void shouldLoadAnotherLadderAndSayWhichModelsItHas() {
    List<String> closed = new CopyOnWriteArrayList<>();
    PipelineMetrics metrics = Pipeline.metrics(new Meters());
    ModelSource source =
        new ModelSource() {
          @Override
          public LiveSettings complete(LiveSettings settings) {
            return settings.forModels(List.of(classifier.card()));
          }

          @Override
          public LoadedModel load(LiveSettings settings) {
            List<BatchClassifier> models = new ArrayList<>(List.of(classifier));
            settings.beside().forEach(name -> models.add(new FakeClassifier(Duration.ZERO, name)));
            return new LoadedModel(
                models,
                new FakeDecoder(8 * 8 * 3),
                ControllerFactory.fixed(),
                () -> closed.add(settings.modelsText()));
          }
        };
    try (TermsInForce terms = new TermsInForce(source, now -> Load.UNKNOWN, 1_000_000, metrics)) {
      terms.prepare(live(null, Map.of())).make();
      assertThat(terms.isReadyFor(live(1L, Map.of("models.ladder", "none")))).isTrue();
      LiveSettings ladder = live(2L, Map.of("models.ladder", "b, c"));
      assertThat(terms.isReadyFor(ladder)).isFalse();
      assertThat(terms.isReadyFor(live(3L, Map.of("models.ladder", "b", "capacity.mode", "fixed"))))
          .as("in fixed mode no other model is served")
          .isTrue();

      terms.prepare(ladder).make();

      assertThat(terms.isReadyFor(live(4L, Map.of("models.ladder", "b, c")))).isTrue();
      assertThat(terms.isReadyFor(live(5L, Map.of("models.ladder", "c, b")))).isFalse();
      assertThat(terms.current().beside()).containsExactly("b", "c");
      assertThat(closed)
          .as("what was served before")
          .containsExactly("the one of the settings file");
    }
    assertThat(closed).last().isEqualTo("the one of the settings file beside b, c");
  }
}

package dev.vmoe.core.survey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.inference.RunLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LayoutSurveyTest {

  private static final RunLayout ONE = new RunLayout(1, 4);
  private static final RunLayout TWO = new RunLayout(2, 2);
  private static final RunLayout FOUR = new RunLayout(4, 1);
  private static final List<RunLayout> LAYOUTS = List.of(ONE, TWO, FOUR);

  private final List<RunLayout> opened = new ArrayList<>();
  private final List<FakeClassifier> classifiers = new ArrayList<>();

  @Test
  void shouldTakeAsManyRunsAsPay() {
    // images a second, as multiples of those of one run: 1, 1.6, 2.7
    FakeClassifier chosen = choose(Map.of(ONE, 20, TWO, 25, FOUR, 30), 1_000);

    assertThat(chosen.parallelRuns()).isEqualTo(4);
    assertThat(opened).containsExactly(ONE, TWO, FOUR);
    assertThatOnlyIsOpen(chosen);
  }

  @Test
  void shouldNotTakeMoreRunsForHardlyMoreThroughput() {
    FakeClassifier chosen = choose(Map.of(ONE, 20, TWO, 25, FOUR, 49), 1_000);

    assertThat(chosen.parallelRuns()).isEqualTo(2);
    assertThat(opened).containsExactly(ONE, TWO, FOUR, TWO);
    assertThatOnlyIsOpen(chosen);
  }

  @Test
  void shouldNotTakeMoreRunsWhereABatchWouldTakeTooLong() {
    FakeClassifier chosen = choose(Map.of(ONE, 20, TWO, 25, FOUR, 30), 23);

    assertThat(chosen.parallelRuns()).isEqualTo(1);
    assertThat(opened).containsExactly(ONE, TWO, ONE);
    assertThatOnlyIsOpen(chosen);
  }

  @Test
  void shouldCloseTheModelIfARunFails() {
    FakeClassifier failing = new FakeClassifier();
    failing.failNext(1);
    classifiers.add(failing);

    assertThatThrownBy(() -> survey(Map.of(), 1_000).choose(failing, LAYOUTS))
        .isInstanceOf(InferenceException.class);

    assertThat(failing.isClosed()).isTrue();
  }

  private FakeClassifier choose(Map<RunLayout, Integer> runMillis, int maxRunMillis) {
    LayoutSurvey<FakeClassifier> survey = survey(runMillis, maxRunMillis);
    return survey.choose(open(ONE, runMillis), LAYOUTS);
  }

  private LayoutSurvey<FakeClassifier> survey(Map<RunLayout, Integer> runMillis, int maxRunMillis) {
    return new LayoutSurvey<>(
        layout -> open(layout, runMillis), 8, Duration.ofMillis(maxRunMillis), Duration.ZERO);
  }

  private FakeClassifier open(RunLayout layout, Map<RunLayout, Integer> runMillis) {
    assertThat(classifiers).allMatch(FakeClassifier::isClosed, "is closed before the next opens");
    opened.add(layout);
    FakeClassifier classifier =
        new FakeClassifier(Duration.ofMillis(runMillis.get(layout)))
            .withParallelRuns(layout.runs());
    classifiers.add(classifier);
    return classifier;
  }

  private void assertThatOnlyIsOpen(FakeClassifier chosen) {
    assertThat(classifiers)
        .allSatisfy(each -> assertThat(each.isClosed()).isEqualTo(each != chosen));
  }
}

package dev.vmoe.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PipelineMetricsTest {

  private static final long MILLIS = 1_000_000;

  private final Meters meters = new Meters();
  private final AtomicLong now = new AtomicLong();
  private final PipelineMetrics metrics =
      new PipelineMetrics(meters, List.of(1, 3), 2, List.of("size", "linger"), now::get);

  @AfterEach
  void close() {
    meters.close();
  }

  private double value(String sample) {
    return Scrape.of(meters).value(sample);
  }

  private static final List<Metric> ASKED_FOR =
      List.of(
          Metric.IMAGES_IN_FLIGHT,
          Metric.IN_FLIGHT_BYTES,
          Metric.IMAGES_HELD,
          Metric.IMAGES_FETCHING,
          Metric.FETCHED_BYTES,
          Metric.DECODE_BYTES,
          Metric.DECODES_HUNG,
          Metric.PARTITIONS_SUSPECTED);

  @Test
  void shouldScrapeEveryMetricUnderItsOwnName() {
    metrics.model("demo", "abcd", List.of(1, 3), 2);
    metrics.device("cpu", "auto", "a runtime", "2 × 1 thread");
    for (Metric gauge : ASKED_FOR) {
      metrics.gauge(gauge, () -> 0);
    }
    metrics.streamsState(() -> "RUNNING", List.of("RUNNING"));
    metrics.capacity().decided(0, 1, 1, 2, "first", 0);
    metrics.capacity().decided(0, 0.5, 0.5, 2, "backlog", 0);

    Set<String> scraped = new TreeSet<>();
    meters
        .scrape(Exposition.PROMETHEUS)
        .lines()
        .filter(line -> line.startsWith("# TYPE "))
        .forEach(line -> scraped.add(line.substring("# TYPE ".length())));
    assertThat(scraped)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Metric.values()).map(PipelineMetricsTest::typeLine).toList());
  }

  private static String typeLine(Metric metric) {
    boolean info = metric.type() == Metric.Type.INFO; // text before OpenMetrics has no such type
    return metric.id() + " " + (info ? "gauge" : metric.type().label());
  }

  @Test
  void shouldCountImagesAndTimeThem() {
    metrics.images().read();
    metrics.images().read();
    metrics.images().answered(20 * MILLIS, 2 * MILLIS, 40, 40 * MILLIS);
    metrics.images().deadLettered("avro");
    metrics.images().deadLettered("schema");
    metrics.images().deadLettered("schema");
    metrics.images().deadLettered("schema");
    metrics.images().deadLettered("refused");
    metrics.images().deadLettered("image");
    metrics.images().deadLettered("image");
    for (int i = 0; i < 4; i++) {
      metrics.images().deadLettered("expired");
    }
    for (int i = 0; i < 5; i++) {
      metrics.images().deadLettered("timeout");
    }

    assertThat(value("vmoe_images_read_total")).isEqualTo(2);
    assertThat(value("vmoe_images_answered_total")).isEqualTo(1);
    assertThat(value("vmoe_images_dead_lettered_total{cause=\"avro\"}")).isEqualTo(1);
    assertThat(value("vmoe_images_dead_lettered_total{cause=\"schema\"}")).isEqualTo(3);
    assertThat(value("vmoe_images_dead_lettered_total{cause=\"refused\"}")).isEqualTo(1);
    assertThat(value("vmoe_images_dead_lettered_total{cause=\"image\"}")).isEqualTo(2);
    assertThat(value("vmoe_images_dead_lettered_total{cause=\"expired\"}")).isEqualTo(4);
    assertThat(value("vmoe_images_dead_lettered_total{cause=\"timeout\"}")).isEqualTo(5);
    assertThat(value("vmoe_image_queue_seconds_bucket{le=\"0.01\"}")).isZero();
    assertThat(value("vmoe_image_queue_seconds_bucket{le=\"0.025\"}")).isEqualTo(1);
    assertThat(value("vmoe_image_queue_seconds_sum")).isEqualTo(0.02);
    assertThat(value("vmoe_image_decode_seconds_sum")).isEqualTo(0.002);
    assertThat(value("vmoe_image_latency_seconds_sum")).isEqualTo(0.04);
  }

  @Test
  void shouldAskForACountAfterAGarbageCollection() {
    metrics.traces().queueDrops(() -> 7);

    System.gc();

    assertThat(value("vmoe_spans_dropped_total{cause=\"queue\"}")).isEqualTo(7);
  }

  @Test
  void shouldCountAsLateWhatWaitedLongerThanTheTargetSinceItWasSeen() {
    metrics.images().answered(1, 1, 90_000, 90_000 * MILLIS);
    assertThat(value("vmoe_images_late_total")).as("before the target is known").isZero();

    metrics.capacity().configured(3, 500 * MILLIS);
    metrics.images().answered(1, 1, 90_000, 400 * MILLIS);
    assertThat(value("vmoe_images_late_total")).as("old, but just seen").isZero();
    metrics.images().answered(1, 1, 600, 600 * MILLIS);
    assertThat(value("vmoe_images_late_total")).isEqualTo(1);
  }

  @Test
  void shouldTakeATimestampInTheFutureAsNow() {
    metrics.images().answered(1, 1, -5_000, -5_000 * MILLIS);

    assertThat(value("vmoe_image_latency_seconds_count")).isEqualTo(1);
    assertThat(value("vmoe_image_latency_seconds_sum")).isZero();
  }

  @Test
  void shouldAskWhatIsInFlightAtEachScrape() {
    AtomicLong images = new AtomicLong(3);
    metrics.gauge(Metric.IMAGES_IN_FLIGHT, images::get);
    metrics.gauge(Metric.IN_FLIGHT_BYTES, () -> 4096);

    assertThat(value("vmoe_images_in_flight")).isEqualTo(3);
    images.set(0);
    assertThat(value("vmoe_images_in_flight")).isZero();
    assertThat(value("vmoe_in_flight_bytes")).isEqualTo(4096);
  }

  @Test
  void shouldKnowEveryFlushReasonFromTheStart() {
    assertThat(value("vmoe_batches_total{reason=\"size\"}")).isZero();
    assertThat(value("vmoe_batches_total{reason=\"linger\"}")).isZero();

    metrics.batchFinished("linger", 20 * MILLIS);
    metrics.batchRan(7, 30 * MILLIS, 0.75);

    assertThat(value("vmoe_batches_total{reason=\"linger\"}")).isEqualTo(1);
    assertThat(value("vmoe_batch_linger_seconds_sum")).isEqualTo(0.02);
    assertThat(value("vmoe_batch_images_bucket{le=\"4.0\"}")).isZero();
    assertThat(value("vmoe_batch_images_bucket{le=\"8.0\"}")).isEqualTo(1);
    assertThat(value("vmoe_batch_inference_seconds_sum")).isEqualTo(0.03);
    assertThat(value("vmoe_batch_processed_ratio")).isEqualTo(0.75);
  }

  @Test
  void shouldCountChoicesByEncoderBlockAndExpert() {
    metrics.experts().expert(3, 0, 10, 7, 2.5);
    metrics.experts().expert(3, 0, 5, 5, 0.25);
    metrics.experts().droppedEntirely(3, 3);
    metrics.experts().slots(8.5);

    assertThat(value("vmoe_expert_choices_assigned_total{expert=\"0\",layer=\"3\"}")).isEqualTo(15);
    assertThat(value("vmoe_expert_choices_dispatched_total{expert=\"0\",layer=\"3\"}"))
        .isEqualTo(12);
    assertThat(value("vmoe_expert_choices_assigned_total{expert=\"1\",layer=\"1\"}")).isZero();
    assertThat(value("vmoe_expert_importance_total{expert=\"0\",layer=\"3\"}")).isEqualTo(2.75);
    assertThat(value("vmoe_tokens_dropped_entirely_total{layer=\"3\"}")).isEqualTo(3);
    assertThat(value("vmoe_expert_slots_total")).isEqualTo(8.5);
  }

  @Test
  void shouldKeepTheSeriesOfTheModelThatIsServedAndNoOthers() {
    metrics.model("old", "aaaa", List.of(1, 3), 2);
    metrics.experts().expert(3, 1, 10, 7, 2.5);
    metrics.model("new", "bbbb", List.of(0, 3), 3);
    metrics.experts().expert(3, 1, 5, 5, 0.5);
    metrics.experts().expert(1, 0, 1, 1, 1); // the last share of the old one
    metrics.experts().droppedEntirely(1, 1);
    metrics.experts().expert(0, 2, 4, 4, 1);

    assertThat(value("vmoe_model_info{model=\"new\",weights=\"bbbb\"}")).isEqualTo(1);
    assertThat(value("vmoe_expert_choices_assigned_total{expert=\"1\",layer=\"3\"}")).isEqualTo(15);
    assertThat(value("vmoe_expert_choices_assigned_total{expert=\"2\",layer=\"0\"}")).isEqualTo(4);
    assertThat(meters.scrape(Exposition.PROMETHEUS)).doesNotContain("layer=\"1\"", "\"old\"");

    metrics.model("dense", "cccc", List.of(), 0);
    assertThat(meters.scrape(Exposition.PROMETHEUS)).doesNotContain("layer=", "\"new\"");
    metrics.model("old", "aaaa", List.of(1, 3), 2);
    assertThat(value("vmoe_expert_choices_assigned_total{expert=\"1\",layer=\"3\"}")).isZero();
  }

  @Test
  void shouldCountChangesOfThePointByTheReasonOfTheNewOne() {
    metrics.capacity().decided(0, 1.05, 1.06, 2, "steady", 0);
    metrics.capacity().decided(0, 1.05, 1.07, 2, "steady", 0);
    metrics.capacity().decided(0, 0.25, 0.26, 2, "backlog", 250 * MILLIS);
    metrics.capacity().decided(0, 0.25, 0.25, 1, "backlog", 0);

    assertThat(value("vmoe_operating_point_changes_total{reason=\"backlog\"}")).isEqualTo(2);
    assertThat(Scrape.of(meters).has("vmoe_operating_point_changes_total{reason=\"steady\"}"))
        .isFalse();
    assertThat(value("vmoe_decisions_total{reason=\"steady\"}")).isEqualTo(2);
    assertThat(value("vmoe_decisions_total{reason=\"backlog\"}")).isEqualTo(2);
    assertThat(value("vmoe_capacity_requested_ratio")).isEqualTo(0.25);
    assertThat(value("vmoe_capacity_effective_ratio")).isEqualTo(0.25);
    assertThat(value("vmoe_experts_per_token")).isEqualTo(1);
    assertThat(value("vmoe_delay_predicted_seconds")).isNaN();
  }

  @Test
  void shouldBoundTheReasonsThatBecomeSeries() {
    for (int i = 0; i < 100; i++) {
      metrics.capacity().decided(0, 1 + i, 1, 2, "backlog of " + i, 0);
    }

    assertThat(value("vmoe_operating_point_changes_total{reason=\"other\"}"))
        .isEqualTo(99 - ReasonCounter.MAX_REASONS);
    assertThat(Scrape.of(meters).sum("vmoe_operating_point_changes_total")).isEqualTo(99);
  }

  @Test
  void shouldHoldTheLoadAgainstWhatTheInstanceCanDo() {
    assertThat(value("vmoe_offered_load_ratio{point=\"best\"}")).isNaN();
    now.addAndGet(90_000 * MILLIS);
    assertThat(value("vmoe_load_age_seconds")).isEqualTo(90); // or no alert could tell

    metrics.capacity().load(500, 120, 700 * MILLIS);
    metrics.capacity().attainable(100, 200);
    now.addAndGet(1_500 * MILLIS);

    assertThat(value("vmoe_backlog_images")).isEqualTo(500);
    assertThat(value("vmoe_backlog_age_seconds")).isEqualTo(0.7);
    assertThat(value("vmoe_arrivals_per_second")).isEqualTo(120);
    assertThat(value("vmoe_attainable_images_per_second{point=\"fastest\"}")).isEqualTo(200);
    assertThat(value("vmoe_offered_load_ratio{point=\"best\"}")).isEqualTo(1.2);
    assertThat(value("vmoe_offered_load_ratio{point=\"fastest\"}")).isEqualTo(0.6);
    assertThat(value("vmoe_load_age_seconds")).isEqualTo(1.5);
  }

  @Test
  void shouldHoldPredictionsAgainstWhatCame() {
    metrics.capacity().decided(0, 1, 1, 2, "steady", 250 * MILLIS);
    metrics.capacity().delayed(300 * MILLIS);
    metrics.capacity().cost(110, 100);
    metrics.capacity().cost(80, 100);
    metrics.capacity().cost(1, 0);

    assertThat(value("vmoe_delay_predicted_seconds")).isEqualTo(0.25);
    assertThat(value("vmoe_delay_actual_seconds")).isEqualTo(0.3);
    assertThat(value("vmoe_cost_error_ratio_count")).isEqualTo(2);
    assertThat(value("vmoe_cost_error_ratio_bucket{le=\"0.1\"}")).isEqualTo(1);
    assertThat(value("vmoe_cost_error_ratio_bucket{le=\"0.2\"}")).isEqualTo(2);
  }

  @Test
  void shouldSayWhichConfigurationIsInForce() {
    assertThat(value("vmoe_configuration_version")).isEqualTo(-1);

    metrics.capacity().configured(17, 500 * MILLIS);
    metrics.capacity().configurationRefused();

    assertThat(value("vmoe_configuration_version")).isEqualTo(17);
    assertThat(value("vmoe_latency_target_seconds")).isEqualTo(0.5);
    assertThat(value("vmoe_configurations_refused_total")).isEqualTo(1);
  }

  @Test
  void shouldSayWhatRunsAndHow() {
    AtomicReference<String> state = new AtomicReference<>("CREATED");
    metrics.model("demo \"small\"", "abcd", List.of(1, 3), 2);
    metrics.device("cuda:0", "auto", "a runtime", "2 × 1 thread");
    metrics.streamsState(state::get, List.of("CREATED", "RUNNING"));
    metrics.threadFailed();

    assertThat(value("vmoe_model_info{model=\"demo \\\"small\\\"\",weights=\"abcd\"}"))
        .isEqualTo(1);
    assertThat(
            value(
                "vmoe_device_info{asked=\"auto\",device=\"cuda:0\",runs=\"2 × 1"
                    + " thread\",runtime=\"a runtime\"}"))
        .isEqualTo(1);
    assertThat(value("vmoe_streams_state{state=\"CREATED\"}")).isEqualTo(1);
    state.set("RUNNING");
    assertThat(value("vmoe_streams_state{state=\"CREATED\"}")).isZero();
    assertThat(value("vmoe_streams_state{state=\"RUNNING\"}")).isEqualTo(1);
    assertThat(value("vmoe_stream_thread_failures_total")).isEqualTo(1);
  }

  @Test
  void shouldScrapeOpenMetricsWhereItIsAccepted() {
    assertThat(Exposition.accepted("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"))
        .isEqualTo(Exposition.OPEN_METRICS);
    assertThat(Exposition.accepted("text/html")).isEqualTo(Exposition.PROMETHEUS);
    assertThat(Exposition.accepted(null)).isEqualTo(Exposition.PROMETHEUS);

    assertThat(meters.scrape(Exposition.OPEN_METRICS))
        .contains("# TYPE vmoe_images_read counter")
        .endsWith("# EOF\n");
  }

  @Test
  void shouldRefuseAMeterThatIsNotAsItsMetricSays() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> meters.counter(Metric.BACKLOG))
        .withMessage("vmoe_backlog_images is a gauge, not a counter");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> meters.counter(Metric.BATCHES))
        .withMessage("vmoe_batches_total has the labels [reason], got []");
  }

  @Test
  void shouldAddTheJvm() {
    meters.bindJvm();

    assertThat(Scrape.of(meters).sum("jvm_memory_used_bytes{")).isPositive();
    assertThat(value("process_uptime_seconds")).isPositive();
  }

  @Test
  void shouldCountTheExpertsOfModelsBesideEachOtherTogether() {
    metrics.models(
        List.of(
            new PipelineMetrics.MeteredModel("dense", "aaaa", List.of(), 0),
            new PipelineMetrics.MeteredModel("small", "bbbb", List.of(1), 1),
            new PipelineMetrics.MeteredModel("large", "cccc", List.of(1, 3), 2)));
    metrics.experts().expert(1, 1, 7, 5, 1);
    metrics.experts().expert(3, 0, 3, 2, 1);
    metrics.capacity().decided(0, 1, 1, 2, "steady", 0);
    metrics.capacity().decided(2, 1, 1, 2, "steady", 0);

    Scrape scrape = Scrape.of(meters.scrape(Exposition.PROMETHEUS));
    assertThat(scrape.sum("vmoe_model_info{")).isEqualTo(3);
    assertThat(scrape.sum("vmoe_expert_choices_assigned_total{")).isEqualTo(10);
    assertThat(scrape.sum("vmoe_operating_point_changes_total{"))
        .as("only the model changed")
        .isEqualTo(1);
    metrics.model("small", "bbbb", List.of(1), 1);
    scrape = Scrape.of(meters.scrape(Exposition.PROMETHEUS));
    assertThat(scrape.sum("vmoe_model_info{")).isEqualTo(1);
    assertThat(scrape.sum("vmoe_model_images_total{")).isZero();
  }
}

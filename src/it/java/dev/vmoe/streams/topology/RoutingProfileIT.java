package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.Clip;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.LayerProfile;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.profile.ProfileParts;
import dev.vmoe.streams.settings.Settings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The routing profile adds up to what was answered, whatever becomes of those who keep it. */
@ExtendWith(CrashesBorne.class)
class RoutingProfileIT {

  private static final int PARTITIONS = 3;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Map<String, Object> OFTEN =
      Map.of(Settings.ROUTING_PROFILE_INTERVAL_MS, 200);

  private static Pipeline start(Workbench workbench, FakeClassifier classifier) {
    return Pipeline.start(workbench.settings(OFTEN), classifier, new FakeDecoder(8 * 8 * 3));
  }

  /** The latest row of each key in the topic. */
  private static Map<String, RoutingProfile> rows(Workbench.Reader<RoutingProfile> topic) {
    topic.pollToEnd();
    Map<String, RoutingProfile> rows = new TreeMap<>();
    for (int i = 0; i < topic.read.size(); i++) {
      rows.put(Answers.key(topic.records.get(i)), topic.read.get(i));
    }
    return rows;
  }

  private static long images(Collection<RoutingProfile> rows) {
    return rows.stream().mapToLong(RoutingProfile::getImages).sum();
  }

  private static long images(Pipeline pipeline) {
    return images(pipeline.routingProfile().orElseThrow());
  }

  private static void awaitImages(Workbench.Reader<RoutingProfile> topic, long images) {
    await("images in the profile")
        .atMost(LIMIT)
        .untilAsserted(
            () -> assertThat(images(rows(topic).values())).isGreaterThanOrEqualTo(images));
  }

  @Test
  void shouldCountEveryImageOnceThroughACrashAndAKill() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench);
        Workbench.Reader<ExpertUtilization> utilization = workbench.utilization();
        Workbench.Reader<RoutingProfile> profile = workbench.routingProfile();
        FakeClassifier classifier = new FakeClassifier(Duration.ofMillis(5));
        Feeder feeder = Feeder.start(workbench, PARTITIONS, 300)) {
      int sent;
      try (Instance victim = Instance.start(workbench.properties(OFTEN))) {
        awaitImages(profile, 100);
        try (Pipeline survivor = start(workbench, classifier)) {
          await("runs").atMost(LIMIT).until(() -> classifier.runs() > 10);
          long before = images(rows(profile).values());
          awaitImages(profile, before + 300);

          classifier.failNext(1);
          victim.kill();

          sent = feeder.stop();
          int all = sent;
          await("all answers")
              .atMost(LIMIT)
              .untilAsserted(() -> assertThat(answers.poll()).isGreaterThanOrEqualTo(all));
          answers.assertExactlyOnce();
          awaitImages(profile, answers.predictions.read.size());
        }
      }
      List<RoutingProfile> rows = List.copyOf(rows(profile).values());
      assertThat(images(rows)).isEqualTo(answers.predictions.read.size());
      assertThat(rows).hasSize(classifier.card().classes().size());
      assertSumsOf(utilization.pollToEnd(), rows);
    }
  }

  private static void assertSumsOf(List<ExpertUtilization> events, List<RoutingProfile> rows) {
    FakeClassifier model = new FakeClassifier();
    for (int l = 0; l < model.card().numLayers(); l++) {
      for (int e = 0; e < model.card().numExperts(); e++) {
        long assigned = 0;
        long dispatched = 0;
        double gates = 0;
        for (ExpertUtilization event : events) {
          LayerUtilization layer = event.getLayers().get(l);
          assigned += layer.getAssigned().get(e);
          dispatched += layer.getDispatched().get(e);
          gates += layer.getGateSum().get(e);
        }
        for (RoutingProfile row : rows) {
          LayerProfile layer = row.getLayers().get(l);
          assigned -= layer.getAssigned().get(e);
          dispatched -= layer.getDispatched().get(e);
          gates -= layer.getGateSum().get(e);
        }
        assertThat(assigned).isZero();
        assertThat(dispatched).isZero();
        assertThat(Math.abs(gates)).isLessThan(1e-6);
      }
    }
  }

  @Test
  void shouldStandStillAndLetImagesGoOnWhenUtilizationHasOtherPartitionsThanBefore()
      throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Workbench.Reader<RoutingProfile> profile = workbench.routingProfile();
        Answers answers = Answers.of(workbench)) {
      workbench.send(0, "before", FakeDecoder.grey(1));
      try (FakeClassifier classifier = new FakeClassifier();
          Pipeline pipeline = start(workbench, classifier)) {
        awaitImages(profile, 1);
      }
      workbench
          .admin
          .createPartitions(
              Map.of(
                  workbench.topic("expert-utilization"), NewPartitions.increaseTo(PARTITIONS + 1)))
          .all()
          .get();
      try (FakeClassifier classifier = new FakeClassifier();
          Pipeline pipeline = start(workbench, classifier)) {
        workbench.send(0, "after", FakeDecoder.grey(1));
        await("an answer").atMost(LIMIT).until(() -> answers.poll() == 2);
        await("standstill")
            .atMost(LIMIT)
            .untilAsserted(
                () ->
                    assertThat(pipeline.profileStandstill())
                        .hasValueSatisfying(why -> assertThat(why).contains("partitions")));
      }
    }
  }

  @Test
  void shouldGoOnAfterARestartAndAnswerWhatIsInTheTopic() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Workbench.Reader<RoutingProfile> profile = workbench.routingProfile()) {
      for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < 60; i++) {
          workbench.send(i % PARTITIONS, "k" + i, FakeDecoder.grey(i));
        }
        workbench.flush();
        long sent = 60L * round;
        try (FakeClassifier classifier = new FakeClassifier();
            Pipeline pipeline = start(workbench, classifier)) {
          if (round == 2) {
            await("what the topic had").atMost(LIMIT).until(() -> images(pipeline) >= 60);
          }
          awaitImages(profile, sent);
          await("the table")
              .atMost(LIMIT)
              .untilAsserted(
                  () ->
                      assertThat(byKey(pipeline.routingProfile().orElseThrow()))
                          .isEqualTo(rows(profile)));
        }
        assertThat(images(rows(profile).values())).isEqualTo(sent);
      }
    }
  }

  private static Map<String, RoutingProfile> byKey(List<RoutingProfile> rows) {
    return rows.stream()
        .collect(Collectors.toMap(ProfileParts::key, row -> row, (a, b) -> a, TreeMap::new));
  }

  @Test
  void shouldPassOverWhatIsNoEventAndKeepOneRowForAllUnknownLabels() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench);
        Workbench.Reader<RoutingProfile> profile = workbench.routingProfile();
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = start(workbench, classifier)) {
      AvroSerializer<ImageRequest> requests = new AvroSerializer<>(workbench.registry);
      for (int i = 0; i < 50; i++) {
        workbench.writeUtilization(i % PARTITIONS, poison(i));
        ImageRequest request =
            ImageRequest.newBuilder()
                .setImage(ByteBuffer.wrap(FakeDecoder.grey(1)))
                .setLabel(i % 2 == 0 ? "unheard of " + i : "grey-3")
                .build();
        workbench.sendBytes(
            i % PARTITIONS,
            "k" + i,
            requests.serialize(workbench.topic("images"), request),
            Map.of());
      }
      workbench.flush();
      await("all answers").atMost(LIMIT).until(() -> answers.poll() >= 50);
      awaitImages(profile, 50);

      Map<String, RoutingProfile> rows = rows(profile);
      assertThat(rows).containsOnlyKeys("0000/-1", "0000/3");
      assertThat(rows.get("0000/-1").getLabel()).isEmpty();
      assertThat(rows.get("0000/-1").getImages()).isEqualTo(25);
      assertThat(rows.get("0000/3").getLabel()).isEqualTo("grey-3");
      assertThat(rows.get("0000/3").getImages()).isEqualTo(25);
      assertThat(pipeline.failure()).isEmpty();
    }
  }

  private static byte[] poison(int i) {
    return switch (i % 3) {
      case 0 -> "rubbish".getBytes(StandardCharsets.UTF_8);
      case 1 -> new byte[] {0, 0x7f, 0, 0, 1, 5};
      default -> null;
    };
  }

  @Test
  void shouldCountOnceWhatItsThreadFailedOn() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        Workbench.Reader<ExpertUtilization> utilization = workbench.utilization();
        Workbench.Reader<RoutingProfile> profile = workbench.routingProfile();
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            Pipeline.start(
                workbench.settings(
                    Map.of(
                        Settings.ROUTING_PROFILE_INTERVAL_MS,
                        200,
                        "schema.registry.url",
                        gate.url(),
                        "schema.registry.retry.ms",
                        200)),
                classifier,
                new FakeDecoder(8 * 8 * 3))) {
      workbench.send(0, "a", FakeDecoder.grey(10));
      awaitImages(profile, 1);
      byte[] event = utilization.pollToEnd().isEmpty() ? null : utilization.records.get(0).value();
      gate.shut();
      workbench.writeUtilizationByAnotherVersion(event);
      await("a failed thread").atMost(LIMIT).until(() -> gate.turnedAway() >= 3);
      workbench.send(0, "b", FakeDecoder.grey(10));
      workbench.flush();
      gate.reopen();

      awaitImages(profile, 3);
      assertThat(images(rows(profile).values())).isEqualTo(3);
      assertThat(pipeline.failure()).isEmpty();
    }
  }

  @Test
  void shouldCommitInAGroupOfItsOwnAsClipsDoWhoseOpenWindowsOutliveARestart() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Workbench.Reader<RoutingProfile> profile = workbench.routingProfile();
        Workbench.Reader<Clip> clips = workbench.clips()) {
      Map<String, Object> settings =
          Map.of(Settings.ROUTING_PROFILE_INTERVAL_MS, 200, Settings.CLIPS_WINDOW_MS, 1000);
      for (long[] times : new long[][] {{10_000}, {10_400, 11_000}}) {
        try (FakeClassifier classifier = new FakeClassifier();
            Pipeline pipeline =
                Pipeline.start(
                    workbench.settings(settings), classifier, new FakeDecoder(8 * 8 * 3))) {
          for (long time : times) {
            workbench.sendAt(0, "a", FakeDecoder.grey(1), time);
          }
          await("commits of clips")
              .atMost(LIMIT)
              .until(() -> committed(workbench, "app-clips").containsKey("predictions"));
          awaitImages(profile, times.length == 1 ? 1 : 3);
          if (times.length > 1) {
            await("a clip").atMost(LIMIT).until(() -> !clips.poll().isEmpty());
          }
        }
      }
      assertThat(clips.read)
          .singleElement()
          .satisfies(
              clip -> {
                assertThat(clip.getFrames()).isEqualTo(2);
                assertThat(clip.getLabel()).isEqualTo("grey-0");
                assertThat(clip.getWindowStart()).isEqualTo(10_000);
              });
      assertThat(committed(workbench, "app")).containsOnlyKeys("images");
      assertThat(committed(workbench, "app-routing-profile")).containsKey("expert-utilization");
    }
  }

  private static Map<String, Long> committed(Workbench workbench, String group) throws Exception {
    Map<TopicPartition, OffsetAndMetadata> offsets =
        workbench
            .admin
            .listConsumerGroupOffsets(workbench.prefix + group)
            .partitionsToOffsetAndMetadata()
            .get();
    Map<String, Long> byTopic = new HashMap<>();
    offsets.forEach(
        (partition, offset) ->
            byTopic.merge(
                partition.topic().replace(workbench.prefix, ""), offset.offset(), Long::sum));
    return byTopic;
  }

  private static Pipeline withoutTopic(Workbench workbench, FakeClassifier classifier)
      throws Exception {
    workbench.admin.deleteTopics(List.of(workbench.topic("routing-profile"))).all().get();
    return Pipeline.start(
        workbench.settings(Map.of(Settings.ROUTING_PROFILE_INTERVAL_MS, 0)),
        classifier,
        new FakeDecoder(8 * 8 * 3));
  }

  @Test
  void shouldKeepNoneWhereItIsTurnedOff() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = withoutTopic(workbench, classifier)) {
      assertThat(pipeline.routingProfile()).isEmpty();
      assertThat(pipeline.topology()).doesNotContain("routing-profile");
    }
  }
}

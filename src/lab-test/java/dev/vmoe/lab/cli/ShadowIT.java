package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.ChildCommand;
import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.app.client.CommittedConsumer;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.importer.bundled.BundledModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A candidate beside the model in use, each in a process of its own, on the bundled test images:
 * the candidate is killed, and the other one never notices. Then both are compared, and the
 * comparison is held against what the models answer without Kafka.
 */
@Tag("soak")
@Timeout(600)
class ShadowIT extends CommandTest {

  private static final int IMAGES = 5_000;
  private static final int PER_SECOND = 100;

  /** At this ratio nothing is dropped, so an answer does not depend on its batch. */
  private static final String RATIO = "4";

  /** Shorter than any session: what a pause of a rebalance would exceed. */
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(4);

  private static final Duration LIMIT = Duration.ofSeconds(180);

  private final String brokers = SharedServers.kafka().bootstrapServers();
  private final String registry = SharedServers.registry().url();
  private final String live = "live" + UUID.randomUUID().toString().substring(0, 8) + ".";
  private final String shadow = "shadow." + live;

  @Test
  void shouldNotNoticeTheOtherAndAgreeWithTheEvaluation() throws Exception {
    assertThat(vmoe(command("topics create", live))).as("%s", err).isZero();
    assertThat(vmoe(command("topics create", shadow))).as("%s", err).isZero();
    Process first = start("vmoe-bpr", live);
    Process candidate = start("dense", shadow);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers));
        KafkaConsumer<byte[], byte[]> answers = consumer(live);
        KafkaConsumer<byte[], byte[]> others = consumer(shadow)) {
      Thread sender =
          new Thread(
              () ->
                  vmoe(
                      command(
                          "produce --sample --rate " + PER_SECOND + " --count " + IMAGES, live)),
              "sender");
      await("both groups")
          .atMost(LIMIT)
          .until(() -> running(admin, live) && running(admin, shadow));
      sender.start();
      Count count = new Count();
      Count otherCount = new Count();
      while (count.answers < IMAGES / 5 || otherCount.answers < 100) {
        count.poll(answers);
        otherCount.poll(others);
      }
      ConsumerGroupDescription before = group(admin, live);
      long rebalances = rebalances("vmoe-bpr");
      count.longestNanos = 0;

      candidate.destroyForcibly().waitFor();
      candidate = start("dense", shadow);
      while (count.answers < IMAGES) {
        count.poll(answers);
      }

      sender.join();
      assertThat(Duration.ofNanos(count.longestNanos)).as("pause").isLessThan(LONGEST_PAUSE);
      ConsumerGroupDescription after = group(admin, live);
      assertThat(rebalances("vmoe-bpr")).as("rebalances").isEqualTo(rebalances);
      assertThat(members(after)).isEqualTo(members(before)).hasSize(1);
      await("the candidate's answers")
          .atMost(LIMIT)
          .until(() -> otherCount.poll(others) >= IMAGES && count.poll(answers) >= IMAGES);
    } finally {
      first.destroyForcibly().waitFor();
      candidate.destroyForcibly().waitFor();
    }

    JsonNode compared = compare();
    assertThat(compared.get("both").intValue()).isEqualTo(IMAGES);
    for (String none : List.of("only_a", "only_b", "outside", "repeats", "unpaired")) {
      assertThat(compared.get(none).intValue()).as(none).isZero();
    }
    assertThat(compared.get("agreed").intValue()).isEqualTo(agreedWithoutKafka());
    assertEqualsEvaluation(compared.get("accuracy"));
  }

  private void assertEqualsEvaluation(JsonNode accuracy) throws IOException {
    Path json = folder.resolve("evaluated.json");
    assertThat(
            run(
                "evaluate",
                "--ratios=" + RATIO,
                "--routing=bpr",
                "--experts-per-token=2",
                "--json=" + json))
        .as("%s", err)
        .isZero();
    JsonNode rows = read(json).get("rows");
    assertThat(rows.at("/0/dense").booleanValue()).isTrue();
    assertThat(rows.at("/1/images").intValue()).isEqualTo(accuracy.get("images").intValue());
    assertThat(accuracy.get("a").doubleValue()).isEqualTo(rows.at("/1/accuracy").doubleValue());
    assertThat(accuracy.get("b").doubleValue()).isEqualTo(rows.at("/0/accuracy").doubleValue());
    // the evaluation draws images, the comparison calculates: both ends agree to 0.2 points
    assertThat(accuracy.get("low").doubleValue() + rows.at("/1/minus_dense_high").doubleValue())
        .isBetween(-0.002, 0.002);
    assertThat(accuracy.get("high").doubleValue() + rows.at("/1/minus_dense_low").doubleValue())
        .isBetween(-0.002, 0.002);
  }

  private int agreedWithoutKafka() throws IOException {
    Map<String, String> first = predicted("vmoe-bpr");
    Map<String, String> second = predicted("dense");
    assertThat(first).hasSize(IMAGES);
    return (int)
        first.keySet().stream().filter(file -> first.get(file).equals(second.get(file))).count();
  }

  /** Returns the answer to each bundled image by its file. */
  private Map<String, String> predicted(String model) throws IOException {
    out.getBuffer().setLength(0);
    assertThat(
            vmoe(
                "predict",
                "--json",
                "--model=" + model,
                "--capacity-ratio=" + RATIO,
                BundledImages.folder().toString()))
        .as("%s", err)
        .isZero();
    Map<String, String> answers = new HashMap<>();
    for (String line : out.toString().lines().toList()) {
      JsonNode answer = new ObjectMapper().readTree(line);
      answers.put(answer.get("file").textValue(), answer.at("/top/0/label").textValue());
    }
    return answers;
  }

  private JsonNode compare() throws IOException {
    Path json = folder.resolve("compared.json");
    String[] compare =
        command("compare --a " + live + "predictions --b " + shadow + "predictions", live);
    assertThat(
            run(
                Stream.concat(Stream.of(compare), Stream.of("--json=" + json))
                    .toArray(String[]::new)))
        .as("%s", err)
        .isZero();
    return read(json);
  }

  private static JsonNode read(Path json) throws IOException {
    return new ObjectMapper().readTree(json.toFile());
  }

  /** Counts answers, and how long none came. */
  private static final class Count {
    private int answers;
    private long lastNanos = System.nanoTime();
    private long longestNanos;

    int poll(KafkaConsumer<byte[], byte[]> consumer) {
      int found = consumer.poll(Duration.ofMillis(20)).count();
      if (found > 0) {
        long now = System.nanoTime();
        longestNanos = Math.max(longestNanos, now - lastNanos);
        lastNanos = now;
        answers += found;
      }
      return answers;
    }
  }

  private KafkaConsumer<byte[], byte[]> consumer(String prefix) {
    return CommittedConsumer.fromNow(brokers, "shadow-test", List.of(prefix + "predictions"));
  }

  private static ConsumerGroupDescription group(Admin admin, String prefix) throws Exception {
    return admin.describeConsumerGroups(List.of(prefix + "app")).all().get().get(prefix + "app");
  }

  private static boolean running(Admin admin, String prefix) throws Exception {
    return admin.listGroups().all().get().stream()
            .anyMatch(group -> group.groupId().equals(prefix + "app"))
        && group(admin, prefix).members().stream()
            .anyMatch(member -> !member.assignment().topicPartitions().isEmpty());
  }

  private static List<String> members(ConsumerGroupDescription group) {
    return group.members().stream().map(MemberDescription::consumerId).sorted().toList();
  }

  private long rebalances(String model) throws IOException {
    // as ISO 8859-1, in which half of a character is one, too: it is being written
    return Files.readString(folder.resolve(model + ".log"), StandardCharsets.ISO_8859_1)
        .lines()
        .filter(line -> line.contains("REBALANCING after"))
        .count();
  }

  private Process start(String model, String prefix) throws IOException {
    List<String> line =
        ChildCommand.of(
            VmoeCommand.class,
            "-Xmx384m",
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
            "-Dvmoe.home=" + System.getProperty("vmoe.home", "."));
    line.addAll(List.of(command("run", prefix)));
    for (String setting :
        List.of(
            "model=" + BundledModels.variant(model),
            "device=cpu",
            "console.port=-1",
            "capacity.mode=fixed",
            "capacity.ratio=" + RATIO,
            "inference.runs=1",
            "inference.threads=1",
            "cost.survey.ms=0")) {
      line.addAll(List.of("--set", setting));
    }
    return new ProcessBuilder(line)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve(model + ".log").toFile()))
        .start();
  }

  /** Returns a command with the settings of a pipeline; both read the images of the first. */
  private String[] command(String words, String prefix) {
    List<String> command = new ArrayList<>(List.of(words.split(" ")));
    for (String setting :
        List.of(
            "bootstrap.servers=" + brokers,
            "schema.registry.url=" + registry,
            "application.id=" + prefix + "app",
            "topic.prefix=" + prefix,
            "topics.images=" + live + "images")) {
      command.addAll(List.of("--set", setting));
    }
    return command.toArray(String[]::new);
  }
}

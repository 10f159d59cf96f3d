package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.app.embedded.SharedServers;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProduceConsumeIT {

  private static final byte[] JPEG = HexFormat.of().parseHex("ffd8ffe000104a464946");

  private final String brokers = SharedServers.kafka().bootstrapServers();
  private final String registryUrl = SharedServers.registry().url();

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir Path folder;

  @Test
  void shouldBringImagesIntoTheTopicAndOutAgain() throws IOException {
    write("cat/1.jpg", JPEG);
    write("dog/2.jpg", new byte[0]);
    assertThat(run("round.", "topics", "create")).isZero();

    assertThat(
            run(
                "round.",
                "produce",
                "--labels-from-folder",
                "--attribute",
                "camera=north",
                "--priority",
                "10",
                folder.toString()))
        .isZero();
    assertThat(out.toString()).contains("sent 2 images to round.images in ").contains(", 0 failed");
    assertThat(err.toString()).isEmpty();

    List<JsonNode> images = consume("round.", "images", 2);
    assertThat(images)
        .extracting(image -> image.get("key").textValue())
        .containsExactly("1.jpg", "2.jpg");
    JsonNode cat = images.get(0);
    assertThat(cat.get("topic").textValue()).isEqualTo("round.images");
    assertThat(cat.get("timestamp").longValue()).isPositive();
    assertThat(cat.at("/value/label").textValue()).isEqualTo("cat");
    assertThat(cat.at("/value/contentType").textValue()).isEqualTo("image/jpeg");
    assertThat(cat.at("/value/image/bytes").intValue()).isEqualTo(JPEG.length);
    assertThat(cat.at("/value/attributes/file").textValue()).isEqualTo("1.jpg");
    assertThat(cat.at("/value/attributes/camera").textValue()).isEqualTo("north");
    assertThat(cat.at("/value/priority").floatValue()).isEqualTo(10);
    assertThat(images.get(1).at("/value/label").textValue()).isEqualTo("dog");
  }

  @Test
  void shouldUseTopicsWithNamesOfTheirOwn() throws IOException {
    Path file = write("1.jpg", JPEG);
    String own = "topics.images=named.north,named.south";
    assertThat(run("named.", "topics", "create", "--set", own)).isZero();
    assertThat(out.toString()).contains("created     named.south");

    assertThat(run("named.", "produce", file.toString(), "--set", own)).isZero();
    assertThat(run("named.", "produce", file.toString(), "--set", "topics.images=named.south"))
        .isZero();

    assertThat(consume("named.", "images", 2, "--set", own))
        .extracting(image -> image.get("topic").textValue())
        .containsExactlyInAnyOrder("named.north", "named.south");
    assertThat(consume("named.", "named.south", 1, "--set", own)).hasSize(1);
    assertThat(run("named.", "topics", "describe", "--set", "topics.config=named.north"))
        .isEqualTo(1);
    assertThat(out.toString()).containsPattern("different +named.north +partitions: 6, planned 1");
    assertThat(run("named.", "produce", file.toString(), "--set", "topics.images=named.config"))
        .isEqualTo(2);
    assertThat(err.toString())
        .contains("'named.config' is named by topics.images and topics.config");
  }

  @Test
  void shouldSendRawBytesWithTheirContentType() throws IOException {
    Path file = write("1.jpg", JPEG);
    run("raw.", "topics", "create");

    assertThat(run("raw.", "produce", "--raw", "--json", file.toString())).isZero();
    JsonNode sent = new ObjectMapper().readTree(out.toString());
    assertThat(sent.get("file").textValue()).isEqualTo(file.toString());

    JsonNode image = consume("raw.", "images", 1).get(0);
    assertThat(image.get("partition")).isEqualTo(sent.get("partition"));
    assertThat(image.get("offset")).isEqualTo(sent.get("offset"));
    assertThat(image.at("/headers/content-type").textValue()).isEqualTo("image/jpeg");
    assertThat(image.at("/value/bytes").intValue()).isEqualTo(JPEG.length);
  }

  @Test
  void shouldSendJson() throws IOException {
    Path file = write("1.jpg", JPEG);
    run("json.", "topics", "create");

    String name = file.toString();
    assertThat(run("json.", "produce", "--format=json", "--label", "cat", "--key", "north", name))
        .isZero();

    JsonNode image = consume("json.", "images", 1).get(0);
    assertThat(image.get("key").textValue()).isEqualTo("north");
    assertThat(image.at("/value/attributes/file").textValue()).isEqualTo("1.jpg");
    assertThat(image.at("/headers/content-type").textValue()).isEqualTo("application/json");
    assertThat(image.at("/value/label").textValue()).isEqualTo("cat");
    assertThat(image.at("/value/image/bytes").intValue()).isEqualTo((JPEG.length + 2) / 3 * 3);
  }

  @Test
  void shouldNameAnOversizedFileAndSendTheOthers() throws IOException {
    write("1.jpg", JPEG);
    Path large = write("2.jpg", new byte[17 * 1024 * 1024]);
    Path missing = folder.resolve("missing.jpg");
    write("3.jpg", JPEG);
    run("large.", "topics", "create");

    assertThat(run("large.", "produce", folder.toString(), missing.toString())).isEqualTo(1);
    assertThat(out.toString()).startsWith("sent 2 images").contains("2 failed");
    assertThat(err.toString())
        .contains("vmoe: " + large + ": ")
        .contains("bytes are more than topic large.images takes (max.message.bytes)")
        .contains("vmoe: " + missing + ": " + missing + " does not exist");
    assertThat(consume("large.", "images", 2))
        .extracting(image -> image.get("key").textValue())
        .containsExactly("1.jpg", "3.jpg");
  }

  @Test
  void shouldPrintOnlyWhatIsCommitted() throws IOException {
    run("ended.", "topics", "create");
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", brokers, "transactional.id", "test"),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>("ended.config", new byte[] {'a'}, null));
      producer.flush();
      producer.abortTransaction();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>("ended.config", new byte[] {'b'}, null));
      producer.commitTransaction();
    }

    assertThat(run("ended.", "consume", "--topic", "config", "--from-beginning", "--timeout", "2"))
        .isZero();
    assertThat(out.toString()).contains("\"key\":\"b\"").doesNotContain("\"key\":\"a\"");
    assertThat(consume("other.", "ended.config", 1).get(0).get("key").textValue()).isEqualTo("b");
  }

  @Test
  void shouldFailWhenFewerRecordsComeThanWanted() {
    run("few.", "topics", "create");

    assertThat(run("few.", "consume", "--max", "1", "--timeout", "0.5")).isEqualTo(1);
    assertThat(err.toString())
        .isEqualToIgnoringNewLines("vmoe: only 0 of 1 records came, then none for 0.5 s");
  }

  @Test
  void shouldSayHowToGetATopicThatIsMissing() throws IOException {
    Path file = write("1.jpg", JPEG);

    assertThat(run("unsent.", "produce", file.toString())).isEqualTo(1);
    assertThat(err.toString())
        .isEqualToIgnoringNewLines(
            "vmoe: topic unsent.images does not exist; `vmoe topics create` creates it");
  }

  @Test
  void shouldTellTopicsApart() throws IOException {
    assertThat(run("tell.", "topics", "describe")).isEqualTo(1);
    assertThat(out.toString()).contains("missing     tell.images");
    assertThat(run("tell.", "topics", "create")).isZero();
    assertThat(out.toString()).contains("created     tell.images");
    assertThat(run("tell.", "topics", "describe", "--json")).isZero();
    JsonNode topics = new ObjectMapper().readTree(out.toString());
    assertThat(topics).hasSize(5);
    assertThat(topics.at("/0/name").textValue()).isEqualTo("tell.images");
    assertThat(topics.at("/0/status").textValue()).isEqualTo("as planned");
    assertThat(topics.at("/0/partitions").intValue()).isEqualTo(6);
  }

  private List<JsonNode> consume(String prefix, String topic, int records, String... more)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "consume",
                "--topic",
                topic,
                "--from-beginning",
                "--max",
                Integer.toString(records),
                "--timeout",
                "20"));
    command.addAll(List.of(more));
    assertThat(run(prefix, command.toArray(String[]::new))).isZero();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      lines.add(new ObjectMapper().readTree(line));
    }
    lines.sort(Comparator.comparing(line -> line.get("key").textValue()));
    return lines;
  }

  private int run(String prefix, String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(
        List.of(
            "--bootstrap-server",
            brokers,
            "--registry",
            registryUrl,
            "--set",
            "topic.prefix=" + prefix));
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(all.toArray(String[]::new));
  }

  private Path write(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }
}

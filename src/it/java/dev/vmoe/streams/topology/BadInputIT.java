package dev.vmoe.streams.topology;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.DecoderLimits;
import dev.vmoe.core.image.HandmadePngs;
import dev.vmoe.core.image.OpenCvDecoder;
import dev.vmoe.core.image.Preprocessing;
import dev.vmoe.core.image.TestImages;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.Resize;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.instance.Pipeline;
import java.awt.Color;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** Odd and bad input goes through the real pipeline: nothing is lost, nothing stops. */
class BadInputIT {

  private static final int MAX_BYTES = 1_000_000;
  private static final int MAX_PIXELS = 1_000_000;
  private static final Map<String, String> RAW = Map.of("content-type", "image/png");

  /** More than once, and mixed with images: what is bad does no harm to what comes behind it. */
  private static final int ROUNDS = 3;

  /** Classes of the fake classifier, tenths of the grey scale, by key. */
  private final Map<String, String> labels = new LinkedHashMap<>();

  /** Words of the reason, by key. */
  private final Map<String, String> reasons = new LinkedHashMap<>();

  private final Map<String, byte[]> values = new HashMap<>();

  @Test
  void shouldAnswerEachRecordWithItsClassOrItsReason() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            Pipeline.start(
                workbench.settings(
                    Map.of("image.max.bytes", MAX_BYTES, "image.max.pixels", MAX_PIXELS)),
                classifier,
                new OpenCvDecoder(
                    new Preprocessing(8, Resize.BILINEAR),
                    new DecoderLimits(MAX_BYTES, MAX_PIXELS, 50)));
        Answers answers = Answers.of(workbench);
        Workbench.Reader<ExpertUtilization> utilization = workbench.utilization()) {
      for (int round = 1; round <= ROUNDS; round++) {
        sendImages(workbench, " " + round);
        sendRecords(workbench, " " + round);
      }
      workbench.flush();
      int sent = labels.size() + reasons.size();
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(answers.poll()).isGreaterThanOrEqualTo(sent));

      answers.assertExactlyOnce();
      Map<String, String> answered = new LinkedHashMap<>();
      for (int i = 0; i < answers.predictions.records.size(); i++) {
        Prediction prediction = answers.predictions.read.get(i);
        answered.put(
            Answers.key(answers.predictions.records.get(i)), prediction.getTop().get(0).getLabel());
      }
      assertThat(answered).containsExactlyEntriesOf(labels);
      assertThat(Answers.keys(answers.letters)).containsExactlyElementsOf(reasons.keySet());
      for (ConsumerRecord<byte[], byte[]> letter : answers.letters.records) {
        String key = Answers.key(letter);
        assertThat(Answers.header(letter, DeadLetter.MESSAGE))
            .as(key)
            .contains(reasons.get(key))
            .doesNotContain("decoder failed", "Exception");
        assertThat(Answers.header(letter, DeadLetter.TOPIC)).isEqualTo(workbench.topic("images"));
        assertThat(letter.value()).as(key).isEqualTo(values.get(key));
      }
      assertThat(answers.letters.records.stream().filter(l -> Answers.key(l).startsWith("null")))
          .allMatch(letter -> Answers.header(letter, "source").equals("camera"));
      assertThat(utilization.pollToEnd().stream().mapToInt(ExpertUtilization::getImages).sum())
          .isEqualTo(labels.size());
      assertThat(pipeline.failure()).isEmpty();
    }
  }

  /** Sends Avro requests that are in order; what is in them need not be. */
  private void sendImages(Workbench workbench, String round) {
    byte[] png = TestImages.encoded(TestImages.plain(32, 24, new Color(0x808080)), "png");
    byte[] jpeg = TestImages.encoded(TestImages.plain(32, 24, new Color(0x404040)), "jpeg");
    Map<String, byte[]> images = new LinkedHashMap<>();
    labels.put("PNG" + round, "grey-5");
    images.put("PNG", png);
    labels.put("CMYK JPEG" + round, "grey-2");
    images.put("CMYK JPEG", TestImages.cmykJpeg(32, 24, 0, 0, 0, 191));
    labels.put("16-bit PNG" + round, "grey-6");
    images.put("16-bit PNG", TestImages.deepPng(32, 24, 0xa000, 0xa000, 0xa000, 0xffff));
    labels.put("transparent PNG" + round, "grey-9");
    images.put("transparent PNG", TestImages.withFourthChannel(".png", 32, 24, 0, 0, 0, 0));
    labels.put("animated GIF" + round, "grey-0");
    images.put("animated GIF", TestImages.animatedGif(32, 24, Color.BLACK, Color.WHITE));
    labels.put("rotated JPEG" + round, "grey-2");
    images.put("rotated JPEG", TestImages.withOrientation(jpeg, 6));
    labels.put("one pixel" + round, "grey-9");
    images.put("one pixel", TestImages.encoded(TestImages.plain(1, 1, Color.WHITE), "png"));

    reasons.put("truncated PNG" + round, "truncated PNG: has " + png.length / 2 + " bytes");
    images.put("truncated PNG", Arrays.copyOf(png, png.length / 2));
    reasons.put("truncated JPEG" + round, "truncated JPEG: has " + jpeg.length / 2 + " bytes");
    images.put("truncated JPEG", Arrays.copyOf(jpeg, jpeg.length / 2));
    reasons.put("damaged PNG" + round, "corrupt PNG: ");
    images.put("damaged PNG", damagedPng());
    reasons.put("no bytes" + round, "image is empty (0 bytes)");
    images.put("no bytes", new byte[0]);
    reasons.put("words" + round, "not an image this decoder takes (starts with 0x6a757374");
    images.put("words", "just words, no picture".getBytes(UTF_8));
    reasons.put(
        "bomb" + round, "image claims 60000 x 60000 = 3600000000 pixels, limit is " + MAX_PIXELS);
    images.put("bomb", bomb(png));
    reasons.put("too large" + round, "1000001 bytes, more than image.max.bytes = 1000000");
    images.put("too large", new byte[MAX_BYTES + 1]);

    images.forEach(
        (name, image) -> values.put(name + round, workbench.send(0, name + round, image)));
  }

  /** Sends records that are no Avro requests. */
  private void sendRecords(Workbench workbench, String round) {
    byte[] png = TestImages.encoded(TestImages.plain(32, 24, new Color(0x707070)), "png");
    labels.put("raw PNG" + round, "grey-4");
    send(workbench, "raw PNG" + round, png, RAW);

    reasons.put("raw words" + round, "not an image this decoder takes (starts with 0x776f726473)");
    send(workbench, "raw words" + round, "words".getBytes(UTF_8), RAW);
    reasons.put("raw, no bytes" + round, "image is empty (0 bytes)");
    send(workbench, "raw, no bytes" + round, new byte[0], RAW);
    reasons.put("no Avro" + round, "the value (7 bytes) is not Avro");
    send(workbench, "no Avro" + round, "no Avro".getBytes(UTF_8), Map.of());
    reasons.put("empty value" + round, "the value (0 bytes) is not Avro");
    send(workbench, "empty value" + round, new byte[0], Map.of());
    reasons.put("unknown schema" + round, "the schema registry knows no schema with id 4711");
    send(workbench, "unknown schema" + round, unknownSchema(), Map.of());
    reasons.put("null" + round, "the record has no value, so there is no image");
    send(workbench, "null" + round, null, Map.of("source", "camera"));
  }

  private void send(Workbench workbench, String key, byte[] value, Map<String, String> headers) {
    values.put(key, value);
    workbench.sendBytes(0, key, value, headers);
  }

  private static byte[] damagedPng() {
    byte[] png = TestImages.encoded(TestImages.noise(32, 24, 1), "png");
    HandmadePngs.damageData(png);
    return png;
  }

  /** Returns the PNG with a header that claims 60,000 x 60,000 pixels. */
  private static byte[] bomb(byte[] png) {
    return ByteBuffer.wrap(png.clone()).putInt(16, 60_000).putInt(20, 60_000).array();
  }

  private static byte[] unknownSchema() {
    return ByteBuffer.allocate(8).put((byte) 0).putInt(4711).array();
  }
}

package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.image.DecoderLimits;
import dev.vmoe.image.OpenCvDecoder;
import dev.vmoe.image.Preprocessing;
import dev.vmoe.inference.FakeClassifier;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** Every kind of bad input goes through the real pipeline: nothing is lost, nothing stops. */
class BadInputIT {

  private static final int MAX_BYTES = 1_000_000;

  @Test
  void shouldGiveEachBadRecordItsReasonAndGoOn() throws Exception {
    byte[] good = png();
    byte[] truncated = Arrays.copyOf(good, good.length / 2);
    try (Workbench workbench = Workbench.open(1);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            Pipeline.start(
                workbench.settings(Map.of("image.max.bytes", MAX_BYTES)),
                classifier,
                new OpenCvDecoder(
                    new Preprocessing(8, Preprocessing.Resize.BILINEAR),
                    new DecoderLimits(MAX_BYTES, 1_000_000)));
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Workbench.Reader<ExpertUtilization> utilization = workbench.utilization();
        Workbench.Reader<byte[]> letters = workbench.reader("images.dlq")) {

      Map<String, String> reasons = new LinkedHashMap<>();
      for (int round = 0; round < 3; round++) {
        String n = "-" + round;
        workbench.send(0, "good" + n, good);
        workbench.send(0, "truncated" + n, truncated);
        reasons.put("truncated" + n, "PNG");
        workbench.send(0, "empty image" + n, new byte[0]);
        reasons.put("empty image" + n, "empty");
        workbench.send(0, "no image" + n, text("just words, no picture at all"));
        reasons.put("no image" + n, "");
        workbench.send(0, "too large" + n, new byte[MAX_BYTES + 1]);
        reasons.put("too large" + n, "image.max.bytes");
        workbench.sendBytes(0, "not Avro" + n, text("not Avro"), Map.of());
        reasons.put("not Avro" + n, "not Avro");
        workbench.sendBytes(0, "zero bytes" + n, new byte[0], Map.of());
        reasons.put("zero bytes" + n, "0 bytes");
        workbench.sendBytes(0, "unknown schema" + n, unknownSchema(), Map.of());
        reasons.put("unknown schema" + n, "4711");
        workbench.sendBytes(0, "null" + n, null, Map.of("source", "camera"));
        reasons.put("null" + n, "no value");
        workbench.sendBytes(0, "raw" + n, good, Map.of("content-type", "image/png"));
        workbench.sendBytes(0, "raw words" + n, text("words"), Map.of("content-type", "image/png"));
        reasons.put("raw words" + n, "");
      }
      workbench.flush();

      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> predictions.poll().size() >= 6 && letters.poll().size() >= reasons.size());
      assertThat(predictions.read).hasSize(6);
      Map<String, String> found = new LinkedHashMap<>();
      for (ConsumerRecord<byte[], byte[]> letter : letters.records) {
        found.put(new String(letter.key(), StandardCharsets.UTF_8), reason(letter));
      }
      assertThat(found.keySet()).containsExactlyElementsOf(reasons.keySet());
      reasons.forEach((key, reason) -> assertThat(found.get(key)).as(key).contains(reason));
      assertThat(letters.records.get(0).value()).containsSequence(truncated);
      assertThat(utilization.pollToEnd().stream().mapToInt(ExpertUtilization::getImages).sum())
          .isEqualTo(6);
      assertThat(pipeline.failure()).isEmpty();
    }
  }

  private static String reason(ConsumerRecord<byte[], byte[]> letter) {
    return new String(
        letter.headers().lastHeader("__streams.errors.message").value(), StandardCharsets.UTF_8);
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] unknownSchema() {
    return ByteBuffer.allocate(8).put((byte) 0).putInt(4711).array();
  }

  private static byte[] png() throws IOException {
    BufferedImage image = new BufferedImage(32, 24, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < 32; x++) {
      image.setRGB(x, x % 24, 0x808080 + x);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }
}

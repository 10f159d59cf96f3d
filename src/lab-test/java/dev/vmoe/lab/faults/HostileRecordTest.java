package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.DecoderLimits;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.image.OpenCvDecoder;
import dev.vmoe.core.image.PngEncoder;
import dev.vmoe.core.image.Preprocessing;
import dev.vmoe.core.moe.Resize;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.JsonReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Records that are hostile on purpose, and the numbers by which records are compared. */
class HostileRecordTest {

  private final byte[] png = png();

  @Test
  void shouldHaveImagesThatNoDecoderTakes() {
    ImageDecoder decoder =
        new OpenCvDecoder(
            new Preprocessing(28, Resize.BILINEAR), new DecoderLimits(1 << 20, 64 << 20, 50));
    for (HostileRecord kind : HostileRecord.values()) {
      ImageRequest request = kind.request(png);
      if (request != null && kind != HostileRecord.PRIORITY) {
        byte[] image = new byte[request.getImage().remaining()];
        request.getImage().get(image);
        assertThatThrownBy(() -> decoder.decode(image, ByteBuffer.allocateDirect(28 * 28 * 3), 0))
            .as("%s", kind)
            .isInstanceOf(BadImageException.class);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          JSON_NOT_BASE64  | base64
          JSON_DEEP        | attributes.a is not a text
          JSON_HUGE_NUMBER | length
          JSON_WRONG_TYPE  | attributes.camera is not a text
          JSON_TWICE       | Duplicate field 'image'
          JSON_TRUNCATED   | end-of-input
          """)
  void shouldHaveJsonThatIsRefusedForWhatIsWrongWithIt(HostileRecord kind, String reason) {
    byte[] value = Objects.requireNonNull(kind.value(png));

    assertThat(kind.contentType()).isEqualTo("application/json");
    assertThatExceptionOfType(BadRecordException.NotJson.class)
        .isThrownBy(() -> JsonReader.ofRequests(ImageRequest.class).read(value))
        .withMessageContaining(reason);
  }

  @Test
  void shouldSayTheTypeOfWhatIsNotAvro() {
    assertThat(HostileRecord.RAW_RUBBISH.contentType()).isEqualTo("image/png");
    assertThat(HostileRecord.NOT_AVRO.contentType()).isNull();
  }

  @Test
  void shouldClaim900MegapixelsInAFewBytes() {
    ByteBuffer bomb = HostileRecord.BOMB.request(png).getImage();

    assertThat(bomb.remaining()).isEqualTo(png.length);
    assertThat((long) bomb.getInt(16) * bomb.getInt(20)).isEqualTo(900_000_000);
  }

  @Test
  void shouldTellBytesApart() {
    assertThat(Fingerprint.of(new byte[] {1, 2})).isEqualTo(Fingerprint.of(new byte[] {1, 2}));
    assertThat(Fingerprint.of(new byte[] {1, 2})).isNotEqualTo(Fingerprint.of(new byte[] {2, 1}));
    assertThat(Fingerprint.of(new byte[0])).isNotEqualTo(Fingerprint.of((byte[]) null));
  }

  @Test
  void shouldTellValuesApartByTheirContentType() {
    ConsumerRecord<byte[], byte[]> record =
        new ConsumerRecord<>("images", 0, 0, new byte[0], new byte[] {1, 2});
    final long untyped = Fingerprint.ofContents(record);
    assertThat(untyped).isEqualTo(Fingerprint.of(record.value()));

    record.headers().add("content-type", "image/png".getBytes(StandardCharsets.UTF_8));
    long png = Fingerprint.ofContents(record);
    record.headers().remove("content-type");
    record.headers().add("content-type", "image/gif".getBytes(StandardCharsets.UTF_8));
    assertThat(Fingerprint.ofContents(record)).isNotEqualTo(png).isNotEqualTo(untyped);
    assertThat(png).isNotEqualTo(untyped);
  }

  @Test
  void shouldTellHeadersApartButNotByTheReasonOfADeadLetter() {
    RecordHeaders headers = new RecordHeaders();
    headers.add("a", new byte[] {1});
    final long before = Fingerprint.of(headers);

    headers.add("__streams.errors.message", new byte[] {9});
    assertThat(Fingerprint.of(headers)).isEqualTo(before);
    headers.add("b", null);
    assertThat(Fingerprint.of(headers)).isNotEqualTo(before);
  }

  private static byte[] png() {
    byte[] pixels = new byte[28 * 28];
    new Random(1).nextBytes(pixels);
    return new PngEncoder().encodeGrey(pixels, 28, 28);
  }
}

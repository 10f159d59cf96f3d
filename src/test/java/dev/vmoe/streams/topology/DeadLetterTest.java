package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.intake.RecordSize;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.tracing.ImageTrace;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.junit.jupiter.api.Test;

class DeadLetterTest {

  private static final byte[] KEY = new byte[300];
  private static final byte[] VALUE = new byte[5000];

  private final Headers headers =
      new RecordHeaders().add("source", text("camera")).add("baggage", new byte[2000]);

  @Test
  void shouldKeepTheRecordAsItCameWhereItFits() {
    Record<byte[], byte[]> letter = letter(100_000);

    assertThat(letter.key()).isSameAs(KEY);
    assertThat(letter.value()).isSameAs(VALUE);
    assertThat(header(letter, "source")).isEqualTo("camera");
    assertThat(header(letter, DeadLetter.MESSAGE)).isEqualTo("no image");
    assertThat(header(letter, DeadLetter.STACKTRACE)).contains("DeadLetterTest");
  }

  @Test
  void shouldLeaveOutAValueThatMayNotBeSentAndSayWhereItIs() {
    Record<byte[], byte[]> letter = letter(5000);

    assertThat(letter.key()).isSameAs(KEY);
    assertThat(letter.value()).isNull();
    assertThat(header(letter, "source")).isEqualTo("camera");
    assertThat(header(letter, DeadLetter.MESSAGE))
        .isEqualTo(
            "no image; value of 5000 bytes left out, too large to be sent: it is at images/3/42");
    assertThat(header(letter, DeadLetter.OFFSET)).isEqualTo("42");
    assertThat(letter.timestamp()).isEqualTo(7);
    assertThat(size(letter)).isLessThanOrEqualTo(5000);
  }

  @Test
  void shouldLeaveOutHeadersAndKeyToo() {
    Record<byte[], byte[]> letter = letter(1500);
    assertThat(letter.key()).isSameAs(KEY);
    assertThat(letter.headers().lastHeader("source")).isNull();
    assertThat(header(letter, DeadLetter.MESSAGE)).contains("and headers of 2039 bytes left out");
    assertThat(size(letter)).isLessThanOrEqualTo(1500);

    letter = letter(700);
    assertThat(letter.key()).isNull();
    assertThat(header(letter, DeadLetter.MESSAGE)).contains("and key of 300 bytes left out");
    assertThat(size(letter)).isLessThanOrEqualTo(700);
  }

  @Test
  void shouldNameTheKindOfWhatTheImageItselfIsNotToBlameFor() {
    assertThat(kind(Answer.Cause.TIMEOUT)).isEqualTo("dev.vmoe.Timeout");
    assertThat(kind(Answer.Cause.EXPIRED)).isEqualTo("dev.vmoe.Expired");
    assertThat(kind(Answer.Cause.IMAGE)).isEqualTo("dev.vmoe.image.BadImageException");
  }

  private String kind(Answer.Cause cause) {
    QueuedRecord image = record();
    image.admitted(RequestReader.Request.ofRawImage(VALUE));
    return header(
        DeadLetter.of(new Answer.Rejected<>(image, "why", cause), 100_000, any -> {}),
        DeadLetter.EXCEPTION);
  }

  private Record<byte[], byte[]> letter(int maxBytes) {
    QueuedRecord refused = record();
    refused.refused(new BadRecordException.Refused("no image"));
    return DeadLetter.of(
        new Answer.Rejected<>(refused, "no image", Answer.Cause.IMAGE), maxBytes, headers -> {});
  }

  private QueuedRecord record() {
    return new QueuedRecord(
        new Record<>(KEY, VALUE, 7, headers),
        new ProcessorRecordContext(7, 42, 3, "images", headers),
        ImageTrace.NONE);
  }

  private static long size(Record<byte[], byte[]> letter) {
    return RecordSize.of(letter.key(), letter.value(), letter.headers());
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String header(Record<?, ?> letter, String name) {
    Header header = letter.headers().lastHeader(name);
    return new String(header.value(), StandardCharsets.UTF_8);
  }
}

package dev.vmoe.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class AvroSerdeTest {

  private final RegistryClient registry =
      new RegistryClient("mock://" + UUID.randomUUID(), Map.of(), Duration.ZERO);
  private final AvroSerializer<ImageRequest> serializer = new AvroSerializer<>(registry);
  private final AvroDeserializer<ImageRequest> deserializer =
      new AvroDeserializer<>(registry, ImageRequest.class);
  private final ImageRequest request =
      ImageRequest.newBuilder()
          .setImage(ByteBuffer.wrap(new byte[] {1, 2, 3}))
          .setLabel("cat")
          .setAttributes(Map.of("a", "b"))
          .build();

  @Test
  void shouldReadBackWhatWasWritten() throws Exception {
    assertThat(deserializer.read(serializer.serialize("t", request))).isEqualTo(request);
  }

  @Test
  void shouldBeginWithByteZeroAndTheSchemaId() {
    int id = registry.register("t", ImageRequest.getClassSchema());

    ByteBuffer bytes = ByteBuffer.wrap(serializer.serialize("t", request));

    assertThat(bytes.get()).isZero();
    assertThat(bytes.getInt()).isEqualTo(id);
  }

  @Test
  void shouldCarryNullBothWays() {
    assertThat(serializer.serialize("t", null)).isNull();
    assertThat(deserializer.deserialize("t", null)).isNull();
  }

  @Test
  void shouldTellWhatIsNotAvro() {
    assertThatExceptionOfType(BadRecordException.NotAvro.class)
        .isThrownBy(() -> deserializer.read(new byte[] {1, 0, 0, 0, 1, 0}))
        .withMessageContaining("does not begin with byte 0");
    assertThatExceptionOfType(BadRecordException.NotAvro.class)
        .isThrownBy(() -> deserializer.read(new byte[0]));
  }

  @Test
  void shouldTellAnUnknownSchemaId() {
    assertThatExceptionOfType(BadRecordException.UnknownSchema.class)
        .isThrownBy(() -> deserializer.read(new byte[] {0, 0, 0, 0x12, 0x67, 0}))
        .withMessageContaining("4711");
  }

  @Test
  void shouldTellATruncatedRecord() {
    byte[] bytes = serializer.serialize("t", request);

    assertThatExceptionOfType(BadRecordException.NotAvro.class)
        .isThrownBy(() -> deserializer.read(Arrays.copyOf(bytes, bytes.length - 1)))
        .withMessageContaining("ends too early");
    assertThatExceptionOfType(BadRecordException.NotAvro.class)
        .isThrownBy(() -> deserializer.read(Arrays.copyOf(bytes, bytes.length + 1)))
        .withMessageContaining("left over");
  }

  @Test
  void shouldNotBelieveALengthThatPromisesGigabytes() {
    int id = registry.register("t", ImageRequest.getClassSchema());
    // zigzag varint of 2,000,000,000 where the image's length belongs
    byte[] lie = {(byte) 0x80, (byte) 0xD0, (byte) 0xAC, (byte) 0xF3, 0x0E};
    byte[] bytes = ByteBuffer.allocate(10).put((byte) 0).putInt(id).put(lie).array();

    assertThatExceptionOfType(BadRecordException.NotAvro.class)
        .isThrownBy(() -> deserializer.read(bytes));
  }

  @Test
  void shouldTellASchemaThatCannotBeReadAsTheRecord() {
    Schema other =
        SchemaBuilder.record("ImageRequest")
            .namespace("dev.vmoe.event")
            .fields()
            .requiredInt("image")
            .endRecord();
    int id = registry.register("other", other);
    byte[] bytes = ByteBuffer.allocate(6).put((byte) 0).putInt(id).put((byte) 2).array();

    assertThatExceptionOfType(BadRecordException.UnresolvableSchema.class)
        .isThrownBy(() -> deserializer.read(bytes))
        .withMessageContaining("cannot be read as dev.vmoe.event.ImageRequest");
    assertThatExceptionOfType(SerializationException.class)
        .isThrownBy(() -> deserializer.deserialize("t", bytes));
  }

  @Test
  void shouldTakeARecordWithoutPriorityAsOneOfPriorityOne() throws Exception {
    Schema before =
        SchemaBuilder.record("ImageRequest")
            .namespace("dev.vmoe.event")
            .fields()
            .requiredBytes("image")
            .optionalString("label")
            .endRecord();
    int id = registry.register("before", before);
    // two bytes of image, and the label "cat" in branch 1 of its union
    byte[] image = {4, 1, 2, 2, 6, 'c', 'a', 't'};
    byte[] bytes = ByteBuffer.allocate(13).put((byte) 0).putInt(id).put(image).array();

    ImageRequest read = deserializer.read(bytes);

    assertThat(read.getPriority()).isEqualTo(1);
    assertThat(read.getLabel()).isEqualTo("cat");
  }

  @Test
  void shouldLoadNoClassThatAWritersSchemaNames() throws Exception {
    Schema writer =
        new Schema.Parser()
            .parse(
                ImageRequest.getClassSchema()
                    .toString()
                    .replace(
                        "\"avro.java.string\":\"String\"", "\"java-class\":\"no.such.Klass\""));
    int id = registry.register("hostile", writer);
    byte[] bytes = serializer.serialize("t", request);
    ByteBuffer.wrap(bytes, 1, 4).putInt(id);

    assertThat(deserializer.read(bytes)).isEqualTo(request);
  }

  @Test
  void shouldTellARecordThatIsNestedTooDeeply() {
    Schema recursive =
        new Schema.Parser()
            .parse(
                """
                {"type": "record", "name": "ImageRequest", "namespace": "dev.vmoe.event",
                 "fields": [
                   {"name": "image", "type": "bytes"},
                   {"name": "within", "type": ["null", {
                     "type": "record", "name": "Box", "fields": [
                       {"name": "within", "type": ["null", "Box"]}]}]}]}
                """);
    int id = registry.register("recursive", recursive);
    byte[] shallow = nested(id, 10);
    byte[] deep = nested(id, 1_000_000);

    assertThatCode(() -> deserializer.read(shallow)).doesNotThrowAnyException();
    assertThatExceptionOfType(BadRecordException.NotAvro.class)
        .isThrownBy(() -> deserializer.read(deep))
        .withMessageContaining("nested more deeply")
        .withMessageContaining("schema id " + id)
        .withNoCause();
  }

  @Test
  void shouldTellASchemaThatContainsItselfWithoutEnd() {
    Schema endless =
        new Schema.Parser()
            .parse(
                """
                {"type": "record", "name": "ImageRequest", "namespace": "dev.vmoe.event",
                 "fields": [
                   {"name": "image", "type": "bytes"},
                   {"name": "again", "type": {
                     "type": "record", "name": "Box", "fields": [
                       {"name": "again", "type": "Box"}]}}]}
                """);
    int id = registry.register("endless", endless);

    assertThatExceptionOfType(BadRecordException.NotAvro.class)
        .isThrownBy(() -> deserializer.read(nested(id, 0)));
  }

  @Test
  @Timeout(10)
  void shouldNotCountAnArrayOfNothing() {
    Schema counting =
        new Schema.Parser()
            .parse(
                """
                {"type": "record", "name": "ImageRequest", "namespace": "dev.vmoe.event",
                 "fields": [
                   {"name": "image", "type": "bytes"},
                   {"name": "steps", "type": {"type": "array", "items": {
                     "type": "record", "name": "Step", "fields": [
                       {"name": "none", "type": "null"}]}}}]}
                """);
    int id = registry.register("counting", counting);
    // zigzag varint of 2^62 where the array's length belongs
    byte[] lie = {-128, -128, -128, -128, -128, -128, -128, -128, -128, 1};
    byte[] bytes = ByteBuffer.allocate(17).put((byte) 0).putInt(id).put((byte) 0).put(lie).array();

    assertThatExceptionOfType(BadRecordException.UnresolvableSchema.class)
        .isThrownBy(() -> deserializer.read(bytes))
        .withMessageContaining("schema id " + id)
        .withMessageContaining("items take no bytes");
  }

  /** An empty image, then boxes in boxes: branch 1 of the union for each, branch 0 at the end. */
  private static byte[] nested(int id, int depth) {
    byte[] bytes = new byte[5 + 1 + depth + 1];
    ByteBuffer.wrap(bytes, 1, 4).putInt(id);
    Arrays.fill(bytes, 6, 6 + depth, (byte) 2);
    return bytes;
  }
}

package dev.vmoe.commit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProducerNoteTest {

  private static final ProducerNote NOTE =
      new ProducerNote("vmoe-6e393a12-1", "vmoe-6e393a12-StreamThread-1-consumer-8c1f");

  @Test
  void shouldStandBetweenTheOtherNotes() {
    SchemaNote schemas = SchemaNote.of("http://registry", Map.of("30be1c7d2f9a4e55", 3));
    OwnerNote owner = new OwnerNote("3f2a9c1e", OwnerNote.InWork.BUSY, 1, -1, 0);

    String metadata = owner.behind(NOTE.behind(schemas.behind("AgAAAZq=")));

    assertThat(ProducerNote.in(metadata)).contains(NOTE);
    assertThat(SchemaNote.in(metadata)).isEqualTo(schemas);
    assertThat(OwnerNote.in(metadata)).isEqualTo(owner);
    assertThat(ProducerNote.without(SchemaNote.without(OwnerNote.without(metadata))))
        .isEqualTo("AgAAAZq=");
  }

  @Test
  void shouldLeaveNothingForWhoIsNoMember() {
    assertThat(ProducerNote.of("vmoe-1", new ConsumerGroupMetadata("vmoe")).behind("AgAAAZq="))
        .isEqualTo("AgAAAZq=");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a|b", "a,b", "é", "a b"})
  void shouldLeaveNothingThatWouldBeReadAsSomethingElse(String id) {
    assertThat(new ProducerNote("vmoe-1", id).behind("time")).isEqualTo("time");
    assertThat(new ProducerNote("vmoe-1", "m".repeat(1000)).behind("time")).isEqualTo("time");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "AgAAAZq=|3f2a9c1e,BUSY,1,-1,0", "|producer,a", "|producer,,"})
  void shouldFindNoneThatNobodyLeft(String metadata) {
    assertThat(ProducerNote.in(metadata)).isEmpty();
  }
}

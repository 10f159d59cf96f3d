package dev.vmoe.streams.commit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProducerNoteTest {

  private static final String MEMBER = "8c1f90d4-5a5f-4a55-9d4f-9f3f2a9c1e00";
  private static final ProducerNote NOTE = new ProducerNote("vmoe-6e393a12-1", MEMBER);

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

  @ParameterizedTest
  @ValueSource(strings = {"vmoe-6e393a12-StreamThread-1-consumer", "camera, hall | é"})
  void shouldBeOfAMemberWithAnyClientId(String clientId) {
    String member = clientId + "-" + MEMBER;
    ConsumerGroupMetadata group = new ConsumerGroupMetadata("vmoe", 3, member, Optional.empty());

    ProducerNote note = ProducerNote.of("vmoe-6e393a12-1", group);

    assertThat(note).isEqualTo(NOTE);
    assertThat(note.isOf(member)).isTrue();
    assertThat(note.isOf(clientId + "-" + UUID.randomUUID())).isFalse();
  }

  @Test
  void shouldLeaveNothingForWhoIsNoMember() {
    assertThat(ProducerNote.of("vmoe-1", new ConsumerGroupMetadata("vmoe")).behind("AgAAAZq="))
        .isEqualTo("AgAAAZq=");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a|b", "a,b", ""})
  void shouldLeaveNothingThatWouldBeReadAsSomethingElse(String transactionalId) {
    assertThat(new ProducerNote(transactionalId, MEMBER).behind("time")).isEqualTo("time");
    assertThat(new ProducerNote("v".repeat(301), MEMBER).behind("time")).isEqualTo("time");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "AgAAAZq=|3f2a9c1e,BUSY,1,-1,0", "|producer,a", "|producer,,"})
  void shouldFindNoneThatNobodyLeft(String metadata) {
    assertThat(ProducerNote.in(metadata)).isEmpty();
  }
}

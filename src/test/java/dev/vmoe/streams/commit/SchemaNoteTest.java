package dev.vmoe.streams.commit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaNoteTest {

  private static final String REGISTRY = "http://registry:8081";
  private static final SchemaNote NOTE =
      SchemaNote.of(REGISTRY, Map.of("30be1c7d2f9a4e55", 3, "00000000000000ff", Integer.MAX_VALUE));

  @Test
  void shouldStandBetweenWhatStreamsAndTheOwnerLeave() {
    String metadata =
        new OwnerNote("3f2a9c1e", OwnerNote.InWork.BUSY, 1, -1, 0).behind(NOTE.behind("AgAAAZq="));

    assertThat(metadata)
        .isEqualTo(
            "AgAAAZq=|schemas,%s,00000000000000ff=2147483647,30be1c7d2f9a4e55=3|3f2a9c1e,BUSY,1,-1,0",
            NOTE.registry());
    assertThat(SchemaNote.in(metadata)).isEqualTo(NOTE);
    assertThat(SchemaNote.without(OwnerNote.without(metadata))).isEqualTo("AgAAAZq=");
  }

  @Test
  void shouldLeaveNothingWhereNothingIsKnown() {
    assertThat(SchemaNote.empty().behind("AgAAAZq=")).isEqualTo("AgAAAZq=");
  }

  @Test
  void shouldBeOfOneRegistry() {
    SchemaNote left = SchemaNote.in(NOTE.behind(""));
    assertThat(left.isOf(REGISTRY)).isTrue();
    assertThat(left.isOf("http://registry:8082")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "AgAAAZq=|3f2a9c1e,BUSY,1,-1,0",
        "|schemas,9f04c1aa",
        "|schemas,9f04c1aa,30be1c7d2f9a4e55=",
        "|schemas,9f04c1aa,30be1c7d2f9a4e55=-3",
        "|schemas,9f04c1aa,30be1c7d2f9a4e55=3x",
        "|schemas,9f04c1aa,30be1c7d2f9a4e55=2147483648",
        "|schemas,9f04c1aa,30be1c7d2f9a4e55=33333333333",
      })
  void shouldTakeNoIdThatNobodyLeft(String metadata) {
    assertThat(SchemaNote.in(metadata).ids()).isEmpty();
  }
}

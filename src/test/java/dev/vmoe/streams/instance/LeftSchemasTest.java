package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.commit.OffsetNote.SchemaIds;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LeftSchemasTest {

  @Test
  void shouldTakeWhatPartitionsAgreeAbout() {
    List<SchemaIds> notes =
        List.of(
            note(Map.of("a", 1, "b", 2, "c", 3)),
            note(Map.of("a", 1, "b", 5)),
            note(Map.of("b", 2, "d", 4)));

    assertThat(LeftSchemas.agreed(notes)).isEqualTo(Map.of("a", 1, "c", 3, "d", 4));
  }

  private static SchemaIds note(Map<String, Integer> ids) {
    return SchemaIds.of("http://registry", ids);
  }
}

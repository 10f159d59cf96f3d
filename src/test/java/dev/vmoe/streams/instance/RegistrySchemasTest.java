package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.commit.OffsetNote.SchemaIds;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RegistrySchemasTest {

  @Test
  void shouldTakeWhatPartitionsAgreeAbout() {
    List<SchemaIds> left =
        List.of(
            ids(Map.of("a", 1, "b", 2, "c", 3)),
            ids(Map.of("a", 1, "b", 5)),
            ids(Map.of("b", 2, "d", 4)));

    assertThat(RegistrySchemas.agreed(left)).isEqualTo(Map.of("a", 1, "c", 3, "d", 4));
  }

  private static SchemaIds ids(Map<String, Integer> ids) {
    return SchemaIds.of("http://registry", ids);
  }
}

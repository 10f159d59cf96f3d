package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ColumnsTest {

  private record Row(String name, @Nullable Double figure) {}

  @Test
  void shouldGiveEachValueItsColumnAndLeaveWhatIsMissingEmpty() {
    Columns<Row> columns =
        new Columns<Row>()
            .add("name", Row::name)
            .add("figure", 2, Row::figure)
            .addShare("share", 1, Row::figure);

    assertThat(
            columns
                .table(List.of(new Row("a", 0.256), new Row("b", null), new Row("c", Double.NaN)))
                .toCsv())
        .isEqualTo("name,figure,share\na,0.26,25.6%\nb,,\nc,,\n");
  }
}

package dev.vmoe.streams.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TableTest {

  @Test
  void shouldAlignTextLeftAndNumbersRight() {
    Table table = new Table("routing", "accuracy");
    table.add("bpr", "0.9");
    table.add("vanilla", null);

    assertThat(table.toText().lines())
        .containsExactly("routing  accuracy", "bpr           0.9", "vanilla");
  }

  @Test
  void shouldQuoteCellsOfCsvWhereNeeded() {
    Table table = new Table("class", "images");
    table.add("T-shirt, \"top\"", 3);

    assertThat(table.toCsv()).isEqualTo("class,images\n\"T-shirt, \"\"top\"\"\",3\n");
  }

  @Test
  void shouldRefuseRowOfWrongLength() {
    Table table = new Table("a", "b");
    assertThatThrownBy(() -> table.add(1)).hasMessage("1 cells in a table of 2 columns");
  }
}

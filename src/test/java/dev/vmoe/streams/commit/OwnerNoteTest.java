package dev.vmoe.streams.commit;

import static dev.vmoe.streams.commit.OwnerNote.InWork.ALONE;
import static dev.vmoe.streams.commit.OwnerNote.InWork.BUSY;
import static dev.vmoe.streams.commit.OwnerNote.InWork.IDLE;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The rule by which ended processes are counted, one owner after the other. */
class OwnerNoteTest {

  private static final String ONE = "11111111";
  private static final String TWO = "22222222";

  /** What Kafka Streams writes for a partition. */
  private static final String STREAMS = "AgAAAZa1bX0wAAAAAA==";

  @Test
  void shouldStandBehindTheMetadataOfStreams() {
    OwnerNote note = new OwnerNote(ONE, ALONE, 3, 1234567890123L, 1);
    String metadata = note.behind(STREAMS);

    assertThat(metadata).isEqualTo(STREAMS + "|11111111,ALONE,3,1234567890123,1");
    assertThat(OwnerNote.in(metadata)).isEqualTo(note);
    assertThat(OwnerNote.without(metadata)).isEqualTo(STREAMS);
    assertThat(OwnerNote.in(note.with(IDLE).behind(metadata))).isEqualTo(note.with(IDLE));
  }

  @Test
  void shouldWriteTheSameDigitsInAllLanguages() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertThat("%d".formatted(3)).as("digits of the language").isNotEqualTo("3");
      assertThat(OwnerNote.in(note(BUSY, 3).behind(STREAMS))).isEqualTo(note(BUSY, 3));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void shouldLeaveMetadataWithoutANoteAsItIs() {
    for (String metadata : new String[] {"", STREAMS, "a|b", "x|11111111,BUSY,1,-2,0"}) {
      assertThat(OwnerNote.in(metadata)).isEqualTo(OwnerNote.ABSENT);
      assertThat(OwnerNote.without(metadata)).isEqualTo(metadata);
    }
  }

  @Test
  void shouldCountAProcessThatLeftImagesInWork() {
    assertThat(note(BUSY, 0).takenBy(TWO, 7).deaths()).isEqualTo(1);
    assertThat(note(BUSY, 2).takenBy(TWO, 7).deaths()).isEqualTo(3);
  }

  @Test
  void shouldNotCountWhoGaveItBackOrHadNothingOfItInWork() {
    assertThat(note(IDLE, 0).takenBy(TWO, 7).deaths()).isZero();
    assertThat(OwnerNote.ABSENT.takenBy(TWO, 7).deaths()).isZero();
  }

  @Test
  void shouldKeepTheCountOverAnOwnerThatGaveItBack() {
    assertThat(note(IDLE, 2).takenBy(TWO, 7).deaths()).isEqualTo(2);
  }

  @Test
  void shouldNotCountAProcessThatTakesItsOwnPartitionAgain() {
    assertThat(note(BUSY, 1).takenBy(ONE, 7).deaths()).isEqualTo(1);
    OwnerNote alone = note(BUSY, 2).tries(7);
    assertThat(alone.takenBy(ONE, 7).alone()).isZero();
  }

  @Test
  void shouldBlameOnlyTheImageThatWasAlone() {
    OwnerNote first = note(BUSY, 2).tries(7).takenBy(TWO, 7);
    assertThat(first.suspect()).isEqualTo(7);
    assertThat(first.alone()).isEqualTo(1);

    // The next one ends before it has tried the image alone: that says nothing more of it.
    OwnerNote second = first.takenBy(ONE, 7);
    assertThat(second.deaths()).isEqualTo(4);
    assertThat(second.alone()).isEqualTo(1);
    assertThat(second.tries(7).takenBy(TWO, 7).alone()).isEqualTo(2);
    assertThat(second.tries(8).alone()).isZero();
  }

  @Test
  void shouldForgetTheImageOnceTheOffsetIsPast() {
    OwnerNote next = note(BUSY, 2).tries(7).takenBy(TWO, 8);

    assertThat(next.suspect()).isEqualTo(OwnerNote.NONE);
    assertThat(next.alone()).isZero();
  }

  private static OwnerNote note(OwnerNote.InWork work, int deaths) {
    return new OwnerNote(ONE, work, deaths, OwnerNote.NONE, 0);
  }
}

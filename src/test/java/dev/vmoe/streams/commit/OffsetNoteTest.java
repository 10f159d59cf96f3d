package dev.vmoe.streams.commit;

import static dev.vmoe.streams.commit.OffsetNote.InWork.ALONE;
import static dev.vmoe.streams.commit.OffsetNote.InWork.BUSY;
import static dev.vmoe.streams.commit.OffsetNote.InWork.IDLE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.commit.OffsetNote.Committer;
import dev.vmoe.streams.commit.OffsetNote.InWork;
import dev.vmoe.streams.commit.OffsetNote.Owner;
import dev.vmoe.streams.commit.OffsetNote.SchemaIds;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.arbitraries.StringArbitrary;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OffsetNoteTest {

  private static final String ONE = "11111111";
  private static final String TWO = "22222222";
  private static final String REGISTRY = "http://registry:8081";
  private static final String MEMBER = "8c1f90d4-5a5f-4a55-9d4f-9f3f2a9c1e00";

  /** What Kafka Streams writes for a partition. */
  private static final String STREAMS = "AgAAAZa1bX0wAAAAAA==";

  private static final Owner OWNER = new Owner(ONE, ALONE, 3, 1234567890123L, 1);
  private static final Committer COMMITTER = new Committer("vmoe-6e393a12-1", MEMBER);
  private static final SchemaIds SCHEMAS =
      SchemaIds.of(REGISTRY, Map.of("30be1c7d2f9a4e55", 3, "00000000000000ff", Integer.MAX_VALUE));
  private static final OffsetNote NOTE = new OffsetNote(OWNER, COMMITTER, SCHEMAS);
  private static final OffsetNote NOTHING = new OffsetNote(Owner.UNKNOWN, null, SchemaIds.NONE);

  @Test
  void shouldStandBehindTheMetadataOfStreams() {
    String metadata = NOTE.behind(STREAMS);

    assertThat(metadata)
        .isEqualTo(
            STREAMS
                + "|vmoe1;owner=11111111,ALONE,3,1234567890123,1"
                + ";producer=vmoe-6e393a12-1,"
                + MEMBER
                + ";schemas="
                + SCHEMAS.registry()
                + ",00000000000000ff=2147483647,30be1c7d2f9a4e55=3");
    assertThat(OffsetNote.in(metadata)).isEqualTo(NOTE);
    assertThat(OffsetNote.without(metadata)).isEqualTo(STREAMS);
  }

  @Property
  void shouldBeReadAsItWasWritten(@ForAll("notes") OffsetNote note) {
    String metadata = note.behind(STREAMS);

    assertThat(OffsetNote.in(metadata)).isEqualTo(note);
    assertThat(OffsetNote.without(metadata)).isEqualTo(STREAMS);
  }

  @Provide
  Arbitrary<OffsetNote> notes() {
    StringArbitrary digits = Arbitraries.strings().withChars("0123456789abcdef");
    Arbitrary<Owner> owners =
        Combinators.combine(
                digits.ofLength(8),
                Arbitraries.of(InWork.class),
                Arbitraries.integers().between(0, 999_999_999),
                Arbitraries.longs().between(-1, 999_999_999_999_999_999L),
                Arbitraries.integers().between(0, 999_999_999))
            .as(Owner::new);
    Arbitrary<Committer> committers =
        Combinators.combine(
                Arbitraries.strings()
                    .alpha()
                    .numeric()
                    .withChars("._-")
                    .ofMinLength(1)
                    .ofMaxLength(300),
                Arbitraries.create(() -> UUID.randomUUID().toString()))
            .as(Committer::new);
    Arbitrary<SchemaIds> schemas =
        Combinators.combine(
                digits.ofLength(8),
                Arbitraries.maps(
                        digits.ofLength(16), Arbitraries.integers().between(0, Integer.MAX_VALUE))
                    .ofMinSize(1)
                    .ofMaxSize(100))
            .as(SchemaIds::new);
    return Combinators.combine(
            Arbitraries.oneOf(owners, Arbitraries.just(Owner.UNKNOWN)),
            committers.injectNull(0.2),
            Arbitraries.oneOf(schemas, Arbitraries.just(SchemaIds.NONE)))
        .as(OffsetNote::new);
  }

  @Test
  void shouldStillReadTheNotesThatEachPartOnceWas() {
    String owner = "|11111111,ALONE,3,1234567890123,1";
    String committer = "|producer,vmoe-6e393a12-1," + MEMBER;
    String schemas =
        "|schemas,%s,00000000000000ff=2147483647,30be1c7d2f9a4e55=3".formatted(SCHEMAS.registry());

    for (String old : new String[] {STREAMS, ""}) {
      String all = old + schemas + committer + owner;
      assertThat(OffsetNote.in(all)).isEqualTo(NOTE);
      assertThat(OffsetNote.without(all)).isEqualTo(old);
    }
    assertThat(OffsetNote.in(STREAMS + schemas + owner))
        .isEqualTo(new OffsetNote(OWNER, null, SCHEMAS));
    assertThat(OffsetNote.in(owner)).isEqualTo(new OffsetNote(OWNER, null, SchemaIds.NONE));
    assertThat(OffsetNote.in(committer))
        .isEqualTo(new OffsetNote(Owner.UNKNOWN, COMMITTER, SchemaIds.NONE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        STREAMS,
        "a|b",
        "x|11111111,BUSY,1,-2,0",
        "|producer,a",
        "|producer,,",
        "|schemas,9f04c1aa",
        "|schemas,9f04c1aa,30be1c7d2f9a4e55=",
        "|schemas,9f04c1aa,30be1c7d2f9a4e55=-3",
        "|schemas,9f04c1aa,30be1c7d2f9a4e55=3x",
        "|schemas,9f04c1aa,30be1c7d2f9a4e55=33333333333",
        "|vmoe1",
        "vmoe1;owner=11111111,BUSY,1,-1,0"
      })
  void shouldLeaveMetadataWithoutANoteAsItIs(String metadata) {
    assertThat(OffsetNote.without(metadata)).isEqualTo(metadata);
    assertThat(OffsetNote.in(metadata)).isEqualTo(NOTHING);
  }

  @ParameterizedTest
  @ValueSource(strings = {"|vmoe1;owner=11111111,BUSY,1", "|vmoe2;owner=11111111,BUSY,1,-1,0"})
  void shouldTakeOffANoteThatItCannotRead(String note) {
    assertThat(OffsetNote.in(STREAMS + note)).isEqualTo(NOTHING);
    assertThat(OffsetNote.without(STREAMS + note)).isEqualTo(STREAMS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "|schemas,9f04c1aa,30be1c7d2f9a4e55=2147483648",
        "|vmoe1;schemas=9f04c1aa,30be1c7d2f9a4e55=2147483648"
      })
  void shouldTakeNoIdThatNoRegistryGives(String metadata) {
    assertThat(OffsetNote.in(metadata).schemas().ids()).isEmpty();
  }

  @Test
  void shouldLeaveNothingWhereNothingIsKnown() {
    assertThat(NOTHING.behind(STREAMS)).isEqualTo(STREAMS);
  }

  /** Brokers would refuse the offset. */
  @Test
  void shouldStayWithinWhatBrokersTake() {
    Map<String, Integer> many =
        LongStream.range(0, 150)
            .boxed()
            .collect(Collectors.toMap("%016x"::formatted, id -> Integer.MAX_VALUE));
    OffsetNote large = new OffsetNote(OWNER, COMMITTER, SchemaIds.of(REGISTRY, many));

    assertThat(OffsetNote.in(large.behind(STREAMS)))
        .isEqualTo(new OffsetNote(OWNER, COMMITTER, SchemaIds.NONE));
    assertThat(NOTE.behind("é".repeat(OffsetNote.MAX_BYTES / 2)))
        .isEqualTo("é".repeat(OffsetNote.MAX_BYTES / 2));
    for (int length = 3900; length <= OffsetNote.MAX_BYTES; length++) {
      String metadata = NOTE.behind("s".repeat(length));
      assertThat(metadata.length()).isLessThanOrEqualTo(OffsetNote.MAX_BYTES);
      assertThat(OffsetNote.without(metadata)).hasSize(length);
    }
  }

  @Test
  void shouldWriteTheSameDigitsInAllLanguages() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertThat("%d".formatted(3)).as("digits of the language").isNotEqualTo("3");
      assertThat(OffsetNote.in(NOTE.behind(STREAMS))).isEqualTo(NOTE);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void shouldKnowTheRegistryOfTheIds() {
    SchemaIds left = OffsetNote.in(NOTE.behind("")).schemas();

    assertThat(left.isOf(REGISTRY)).isTrue();
    assertThat(left.isOf("http://registry:8082")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"vmoe-6e393a12-StreamThread-1-consumer", "camera, hall | é"})
  void shouldKnowTheMemberWithWhateverClientId(String clientId) {
    String member = clientId + "-" + MEMBER;
    ConsumerGroupMetadata group = new ConsumerGroupMetadata("vmoe", 3, member, Optional.empty());

    Committer committer = Committer.of("vmoe-6e393a12-1", group);

    assertThat(committer).isEqualTo(COMMITTER);
    assertThat(committer.is(member)).isTrue();
    assertThat(committer.is(clientId + "-" + UUID.randomUUID())).isFalse();
  }

  @Test
  void shouldLeaveNoCommitterThatIsNoMember() {
    assertThat(behind(Committer.of("vmoe-1", new ConsumerGroupMetadata("vmoe"))))
        .isEqualTo(STREAMS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a|b", "a,b", "a;b", ""})
  void shouldLeaveNothingThatWouldBeReadAsSomethingElse(String transactionalId) {
    assertThat(behind(new Committer(transactionalId, MEMBER))).isEqualTo(STREAMS);
    assertThat(behind(new Committer("v".repeat(301), MEMBER))).isEqualTo(STREAMS);
  }

  private static String behind(Committer committer) {
    return new OffsetNote(Owner.UNKNOWN, committer, SchemaIds.NONE).behind(STREAMS);
  }

  /** The rule by which ended processes are counted, one owner after the other. */
  @Nested
  class Counting {

    @Test
    void shouldCountAProcessThatLeftImagesInWork() {
      assertThat(owner(BUSY, 0).takenBy(TWO, 7).deaths()).isEqualTo(1);
      assertThat(owner(BUSY, 2).takenBy(TWO, 7).deaths()).isEqualTo(3);
    }

    @Test
    void shouldNotCountWhoGaveItBackOrHadNothingOfItInWork() {
      assertThat(owner(IDLE, 0).takenBy(TWO, 7).deaths()).isZero();
      assertThat(Owner.UNKNOWN.takenBy(TWO, 7).deaths()).isZero();
    }

    @Test
    void shouldKeepTheCountOverAnOwnerThatGaveItBack() {
      assertThat(owner(IDLE, 2).takenBy(TWO, 7).deaths()).isEqualTo(2);
    }

    @Test
    void shouldNotCountAProcessThatTakesItsOwnPartitionAgain() {
      assertThat(owner(BUSY, 1).takenBy(ONE, 7).deaths()).isEqualTo(1);
      Owner alone = owner(BUSY, 2).tries(7);
      assertThat(alone.takenBy(ONE, 7).alone()).isZero();
    }

    @Test
    void shouldBlameOnlyTheImageThatWasAlone() {
      Owner first = owner(BUSY, 2).tries(7).takenBy(TWO, 7);
      assertThat(first.suspect()).isEqualTo(7);
      assertThat(first.alone()).isEqualTo(1);

      // The next one ends before it has tried the image alone: that says nothing more of it.
      Owner second = first.takenBy(ONE, 7);
      assertThat(second.deaths()).isEqualTo(4);
      assertThat(second.alone()).isEqualTo(1);
      assertThat(second.tries(7).takenBy(TWO, 7).alone()).isEqualTo(2);
      assertThat(second.tries(8).alone()).isZero();
    }

    @Test
    void shouldForgetTheImageOnceTheOffsetIsPast() {
      Owner next = owner(BUSY, 2).tries(7).takenBy(TWO, 8);

      assertThat(next.suspect()).isEqualTo(OffsetNote.NONE);
      assertThat(next.alone()).isZero();
    }

    private Owner owner(InWork work, int deaths) {
      return new Owner(ONE, work, deaths, OffsetNote.NONE, 0);
    }
  }
}

package dev.vmoe.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WriterSchemasTest {

  private static final Schema SCHEMA = ImageRequest.getClassSchema();

  /** A registry that answers as it is told. */
  private static final class Registry implements WriterSchemas.Registry {
    final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
    final Map<Integer, Schema> known = new ConcurrentHashMap<>();
    final ConcurrentLinkedQueue<Integer> asked = new ConcurrentLinkedQueue<>();
    volatile boolean away;
    volatile int broken = -1;
    volatile boolean remembers = true;

    @Override
    public Optional<Schema> known(int id) {
      return Optional.ofNullable(known.get(id));
    }

    @Override
    public Schema ask(int id) throws BadRecordException {
      asked.add(id);
      if (id == broken) {
        throw new StackOverflowError("a schema within a schema within a schema");
      }
      if (away) {
        throw new RegistryUnavailableException("nobody is there", null);
      }
      Schema schema = schemas.get(id);
      if (schema == null) {
        throw new BadRecordException.UnknownSchema(id);
      }
      known.put(id, schema);
      return schema;
    }

    @Override
    public boolean remembers() {
      return remembers;
    }

    long times(int id) {
      return asked.stream().filter(it -> it == id).count();
    }
  }

  private final Registry registry = new Registry();
  private final AtomicLong nanos = new AtomicLong();
  private final WriterSchemas lookup =
      new WriterSchemas(registry, Duration.ofSeconds(60), nanos::get);

  @AfterEach
  void close() {
    lookup.close();
  }

  @Test
  void shouldKnowWithoutAskingWhatIsKnown() throws BadRecordException {
    registry.away = true;
    registry.known.put(1, SCHEMA);

    assertThat(lookup.schema(1)).contains(SCHEMA);
    assertThat(registry.asked).isEmpty();
  }

  @Test
  void shouldNotMakeWhoAsksWait() throws BadRecordException {
    registry.schemas.put(1, SCHEMA);

    assertThat(lookup.schema(1)).isEmpty();

    awaitSchema(1);
    assertThat(registry.times(1)).isEqualTo(1);
  }

  @Test
  void shouldAskOnUntilTheRegistryAnswers() throws BadRecordException {
    registry.away = true;
    registry.schemas.put(1, SCHEMA);
    registry.schemas.put(2, SCHEMA);
    assertThat(lookup.schema(1)).isEmpty();
    assertThat(lookup.schema(2)).isEmpty();
    await().until(() -> registry.times(1) > 2 && registry.times(2) > 1);
    assertThat(lookup.schema(1)).isEmpty();

    registry.away = false;

    awaitSchema(1);
    awaitSchema(2);
  }

  @Test
  void shouldRefuseAnIdThatTheRegistryDoesNotHaveAndAskAgainLater() throws BadRecordException {
    awaitRefusal(7, BadRecordException.UnknownSchema.class);
    refused(7, BadRecordException.UnknownSchema.class);
    refused(7, BadRecordException.UnknownSchema.class);
    assertThat(registry.times(7)).as("one question for all images of that id").isEqualTo(1);

    registry.schemas.put(7, SCHEMA);
    nanos.addAndGet(WriterSchemas.REFUSED_FOR.toNanos());

    assertThat(lookup.schema(7)).isEmpty();
    awaitSchema(7);
  }

  @Test
  void shouldNotBelieveARegistryThatLostItsSchemas() throws BadRecordException {
    registry.remembers = false;
    assertThat(lookup.schema(7)).isEmpty();
    await().until(() -> registry.times(7) > 2);
    assertThat(lookup.schema(7)).isEmpty();

    registry.remembers = true;

    awaitRefusal(7, BadRecordException.UnknownSchema.class);
  }

  @Test
  void shouldWaitAtMostSoLongAsSaid() throws BadRecordException {
    registry.away = true;
    assertThat(lookup.schema(7)).isEmpty();
    await().until(() -> registry.times(7) > 1);
    nanos.addAndGet(Duration.ofSeconds(59).toNanos());
    assertThat(lookup.schema(7)).isEmpty();
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());

    assertThatExceptionOfType(BadRecordException.SchemaNotFound.class)
        .isThrownBy(() -> lookup.schema(7))
        .withMessageContaining("id 7 was not found within 60000 ms")
        .withMessageContaining("schema.registry.wait.ms")
        .withMessageContaining("nobody is there");
  }

  @Test
  void shouldNotWaitAnewForEachIdOfOneOutage() throws BadRecordException {
    registry.away = true;
    assertThat(lookup.schema(7)).isEmpty();
    await().until(() -> registry.times(7) > 1);
    nanos.addAndGet(Duration.ofSeconds(60).toNanos());

    assertThat(lookup.schema(8)).as("asked for at least once").isEmpty();
    awaitRefusal(8, BadRecordException.SchemaNotFound.class);

    registry.schemas.put(7, SCHEMA);
    registry.schemas.put(8, SCHEMA);
    registry.away = false;
    awaitSchema(7);
    awaitSchema(8);
    assertThat(lookup.schema(9)).as("the outage is over").isEmpty();
  }

  @Test
  void shouldOutliveASchemaThatCannotBeRead() throws BadRecordException {
    registry.broken = 7;
    registry.schemas.put(8, SCHEMA);
    assertThat(lookup.schema(7)).isEmpty();
    await().until(() -> registry.times(7) > 1);

    awaitSchema(8);
  }

  @Test
  void shouldNotTakeOneIdThatIsNeverGivenForAnOutage() throws BadRecordException {
    registry.broken = 7;
    assertThat(lookup.schema(7)).isEmpty();
    await().until(() -> registry.times(7) > 1);
    nanos.addAndGet(Duration.ofHours(3).toNanos());
    registry.schemas.put(8, SCHEMA);
    assertThat(lookup.schema(8)).isEmpty();

    assertThat(lookup.schema(8)).isIn(Optional.empty(), Optional.of(SCHEMA)); // no refusal
    awaitSchema(8);
  }

  @Test
  void shouldForgetTheOldestOfVeryManyIds() throws BadRecordException {
    registry.away = true;
    for (int id = 0; id <= WriterSchemas.MAX_IDS; id++) {
      assertThat(lookup.schema(id)).isEmpty();
    }
    registry.away = false;

    awaitRefusal(WriterSchemas.MAX_IDS, BadRecordException.UnknownSchema.class);
    assertThat(lookup.schema(0)).as("is asked for anew").isEmpty();
  }

  private void awaitSchema(int id) {
    await()
        .ignoreExceptionsInstanceOf(BadRecordException.class)
        .until(() -> lookup.schema(id).isPresent());
  }

  private void awaitRefusal(int id, Class<? extends BadRecordException> type) {
    AtomicReference<BadRecordException> refusal = new AtomicReference<>();
    await()
        .until(
            () -> {
              try {
                assertThat(lookup.schema(id)).isEmpty();
              } catch (BadRecordException e) {
                refusal.set(e);
              }
              return refusal.get() != null;
            });
    assertThat(refusal.get()).isInstanceOf(type);
  }

  private void refused(int id, Class<? extends BadRecordException> type) {
    assertThatExceptionOfType(type).isThrownBy(() -> lookup.schema(id));
  }
}

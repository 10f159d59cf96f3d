package dev.vmoe.event;

import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchema;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client of the schema registry: ids of schemas and schemas of ids, both cached.
 *
 * <p>A registry that does not answer is asked again until the time for it is over. Only this file
 * and {@link RegistryCalls} import Confluent's client: Apache Flink ships that library under other
 * package names.
 */
public final class RegistryClient implements WriterSchemas.Registry, AutoCloseable {

  /** How long a command tries a registry again that cannot be reached. */
  private static final Duration A_PERSON_WAITS = Duration.ofSeconds(15);

  /** Error codes of what is not there; a proxy's 404 has none of them. */
  private static final Set<Integer> NO_SUCH_SCHEMA = Set.of(40401, 40403);

  /** Start of the client's message about an invalid schema; it has no exception type for that. */
  private static final String INVALID = "Invalid schema";

  private static final int CONFLICT = 409;

  /** A conflict, and what cannot be processed; every other refusal says nothing of a schema. */
  private static final Set<Integer> REFUSES_SCHEMA = Set.of(CONFLICT, 422);

  private static final int MAX_CONFLICTS = 5;
  private static final Duration CONFLICT_PAUSE = Duration.ofMillis(100);

  private static final Logger log = LoggerFactory.getLogger(RegistryClient.class);

  private final RegistryCalls calls;
  private final SchemaRegistryClient client;
  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();

  /** The ids of schemas that this client registered, found registered or was told. */
  private final Map<OwnSchema, Integer> own = new ConcurrentHashMap<>();

  /** Held by its text: two schemas that differ in their documentation only are equal. */
  private record OwnSchema(String topic, String schema) {

    OwnSchema(String topic, Schema schema) {
      this(topic, schema.toString());
    }
  }

  /** Creates a client with these settings for a command; it asks nothing yet. */
  public static RegistryClient of(Settings settings) {
    return of(settings, A_PERSON_WAITS);
  }

  /** Creates a client with these settings, but its own time to ask again. */
  public static RegistryClient of(Settings settings, Duration retry) {
    return new RegistryClient(
        settings.getString(Settings.REGISTRY_URL), settings.registryProperties(), retry);
  }

  /**
   * Creates a client; it asks nothing yet.
   *
   * @param url base address, or several separated by commas
   * @param configs settings of Confluent's client, without prefix: {@code ssl.truststore.location},
   *     {@code basic.auth.user.info}, {@code bearer.auth.token} and so on
   * @param retry how long a registry that does not answer is asked again
   */
  public RegistryClient(String url, Map<String, ?> configs, Duration retry) {
    this.calls = new RegistryCalls(url, configs, retry);
    this.client = calls.connect();
  }

  /** Returns the address without credentials, for messages. */
  public String url() {
    return calls.url();
  }

  /** Forgets what the registry said; the ids of {@link #know} stay known. */
  public void askAnew() {
    client.reset();
  }

  /**
   * Registers the schema of a topic's values unless it is registered.
   *
   * @return the schema's id
   * @throws SchemaRefusedException if the registry refuses the schema
   * @throws RegistryUnavailableException if it does not answer in time, or refuses this user
   */
  public int register(String topic, Schema schema) {
    String subject = topic + "-value";
    try {
      int id =
          calls.untilAnswered(
              "register the schema of subject " + subject,
              () -> registered(subject, new AvroSchema(schema.toString())));
      know(topic, schema, id);
      return id;
    } catch (RestClientException e) {
      if (!REFUSES_SCHEMA.contains(e.getStatus())) {
        throw new RegistryUnavailableException(
            "the schema registry at %s does not take %s as subject %s: %s%s"
                .formatted(
                    url(),
                    schema.getFullName(),
                    subject,
                    RegistryCalls.message(e),
                    RegistryCalls.whatToDo(e)),
            e);
      }
      throw new SchemaRefusedException(
          "the schema registry at %s refuses %s as subject %s: %s%s%s"
              .formatted(
                  url(),
                  schema.getFullName(),
                  subject,
                  e.getStatus() == CONFLICT
                      ? "it is not compatible with the versions that are registered. "
                      : "",
                  RegistryCalls.message(e),
                  RegistryCalls.whatToDo(e)),
          e);
    }
  }

  /** Takes over that the registry has the schema of a topic's values under an id. */
  public void know(String topic, Schema schema, int id) {
    own.put(new OwnSchema(topic, schema), id);
    if (!WireFormat.hasArrayOfNothing(schema)) {
      schemas.put(id, schema);
    }
  }

  /**
   * Returns the id of the schema of a topic's values; {@linkplain #register registers} it unless
   * the id is known.
   */
  int id(String topic, Schema schema) {
    Integer known = own.get(new OwnSchema(topic, schema));
    return known == null ? register(topic, schema) : known;
  }

  /**
   * What the registry says of a schema.
   *
   * @param id empty unless it is registered
   */
  public record SchemaStatus(SchemaState state, OptionalInt id) {}

  /** Whether a schema is registered, or would be accepted. */
  public enum SchemaState {
    /** It is one of the subject's versions. */
    REGISTERED,
    /** It is compatible with the subject's versions, and would become the next. */
    COMPATIBLE,
    /** The subject has no version yet. */
    NEW,
    /** It is not compatible with the subject's versions. */
    INCOMPATIBLE
  }

  /**
   * Returns whether the registry has the schema of a topic's values, or would accept it; changes
   * nothing.
   *
   * @throws RegistryUnavailableException if the registry does not answer in time, or refuses this
   *     user
   */
  public SchemaStatus status(String topic, Schema schema) {
    String subject = topic + "-value";
    AvroSchema parsed = new AvroSchema(schema.toString());
    try {
      Optional<Integer> id =
          calls.untilAnswered(
              "look up the schema of " + subject, () -> found(() -> client.getId(subject, parsed)));
      if (id.isPresent()) {
        return new SchemaStatus(SchemaState.REGISTERED, OptionalInt.of(id.get()));
      }
      if (calls
          .untilAnswered(
              "list the versions of " + subject, () -> found(() -> client.getAllVersions(subject)))
          .isEmpty()) {
        return new SchemaStatus(SchemaState.NEW, OptionalInt.empty());
      }
      boolean compatible =
          calls.untilAnswered(
              "compare the schema of " + subject, () -> client.testCompatibility(subject, parsed));
      return new SchemaStatus(
          compatible ? SchemaState.COMPATIBLE : SchemaState.INCOMPATIBLE, OptionalInt.empty());
    } catch (RestClientException e) {
      throw new RegistryUnavailableException(
          "the schema registry at %s does not tell the state of %s: %s"
              .formatted(url(), subject, RegistryCalls.message(e)),
          e);
    }
  }

  /** Returns the answer; empty where the registry, and not a proxy, says that there is no such. */
  private static <R> Optional<R> found(RegistryCalls.Call<R> call)
      throws IOException, RestClientException {
    try {
      return Optional.of(call.ask());
    } catch (RestClientException e) {
      if (NO_SUCH_SCHEMA.contains(e.getErrorCode())) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * Returns the schema with this id.
   *
   * @throws BadRecordException if there is none, or it is no Avro schema whose values can be read
   * @throws RegistryUnavailableException if the registry does not answer in time
   */
  public Schema schema(int id) throws BadRecordException {
    return schema(id, calls.patience());
  }

  @Override
  public Optional<Schema> known(int id) {
    return Optional.ofNullable(schemas.get(id));
  }

  @Override
  public Schema ask(int id) throws BadRecordException {
    return schema(id, Duration.ZERO);
  }

  private Schema schema(int id, Duration patience) throws BadRecordException {
    Schema cached = schemas.get(id);
    if (cached != null) {
      return cached;
    }
    Optional<String> json;
    try {
      json = calls.untilAnswered("find the schema with id " + id, patience, () -> json(client, id));
    } catch (RestClientException e) {
      if (NO_SUCH_SCHEMA.contains(e.getErrorCode())) {
        throw new BadRecordException.UnknownSchema(id);
      }
      throw notGiven(id, e);
    }
    Schema schema = readable(id, json);
    schemas.put(id, schema);
    return schema;
  }

  private static Schema readable(int id, Optional<String> json) throws BadRecordException {
    if (json.isEmpty()) {
      throw new BadRecordException.UnresolvableSchema(
          "the schema with id " + id + " is no Avro schema that can be read", null);
    }
    try {
      Schema schema = new Schema.Parser().parse(json.get());
      if (WireFormat.hasArrayOfNothing(schema)) {
        throw new BadRecordException.UnresolvableSchema(
            "schema id %d (%s) has an array whose items take no bytes: its length could be anything"
                .formatted(id, schema.getFullName()),
            null);
      }
      return schema;
    } catch (AvroRuntimeException e) {
      throw new BadRecordException.UnresolvableSchema(
          "the schema with id " + id + " is no Avro schema: " + e.getMessage(), e);
    }
  }

  private RegistryUnavailableException notGiven(int id, RestClientException e) {
    return new RegistryUnavailableException(
        "the schema registry at %s does not give the schema with id %d: %s%s"
            .formatted(url(), id, RegistryCalls.message(e), RegistryCalls.whatToDo(e)),
        e);
  }

  /**
   * Returns whether the registry has all schemas whose ids this client knows for topics; asks once.
   * A registry that lost its schemas has not, even if others have registered some of them anew.
   *
   * @throws RegistryUnavailableException if it does not answer
   */
  @Override
  public boolean remembers() {
    // The client at hand would answer from its cache.
    try (SchemaRegistryClient fresh = calls.connect()) {
      for (Map.Entry<OwnSchema, Integer> one : own.entrySet()) {
        if (!has(fresh, one.getValue(), one.getKey().schema())) {
          return false;
        }
      }
      return !own.isEmpty();
    } catch (IOException e) {
      throw new RegistryUnavailableException("cannot close a client of " + url(), e);
    }
  }

  private boolean has(SchemaRegistryClient asked, int id, String schema) {
    String what = "find the schema with id " + id;
    try {
      return calls
          .untilAnswered(what, Duration.ZERO, () -> found(() -> json(asked, id)))
          .flatMap(json -> json)
          .map(RegistryClient::parsingForm)
          .equals(Optional.of(parsingForm(schema)));
    } catch (RestClientException e) {
      throw notGiven(id, e);
    } catch (AvroRuntimeException e) {
      return false; // somebody else's, and not to be parsed
    }
  }

  private static String parsingForm(String json) {
    return SchemaNormalization.toParsingForm(new Schema.Parser().parse(json));
  }

  /** Returns the schema's text; empty if it is not valid, which no other attempt would change. */
  private static Optional<String> json(SchemaRegistryClient client, int id)
      throws IOException, RestClientException {
    try {
      return Optional.of(client.getSchemaById(id).canonicalString());
    } catch (IOException e) {
      if (e.getMessage() != null && e.getMessage().startsWith(INVALID)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * Registers a schema. A registry answers 409 for a schema that is not compatible, and also where
   * another client registers the same schema at the same moment: only what is refused each time is
   * refused.
   */
  private int registered(String subject, AvroSchema schema)
      throws IOException, RestClientException {
    for (int attempt = 1; ; attempt++) {
      try {
        return client.register(subject, schema);
      } catch (RestClientException e) {
        if (e.getStatus() != CONFLICT || attempt == MAX_CONFLICTS) {
          throw e;
        }
      }
      calls.rest(CONFLICT_PAUSE);
    }
  }

  /** From now on asks only once; calls in progress also stop asking again. */
  public void giveUp() {
    calls.giveUp();
  }

  @Override
  public void close() {
    giveUp();
    try {
      client.close();
    } catch (IOException e) {
      log.warn("cannot close the client of the schema registry at {}", url(), e);
    }
  }
}

package dev.vmoe.event;

import dev.vmoe.event.SchemaStanding.SchemaState;
import dev.vmoe.settings.Settings;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchema;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.SchemaRegistryClientFactory;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client of the schema registry: ids of schemas and schemas of ids, both cached.
 *
 * <p>A registry that does not answer is asked again until the time for it is over. Only this file
 * imports Confluent's client: Apache Flink ships that library under other package names.
 */
public final class RegistryClient implements AutoCloseable {

  private static final int CACHED_SCHEMAS = 1000;

  /** Error codes of what is not there; a proxy's 404 has none of them. */
  private static final Set<Integer> NO_SUCH_SCHEMA = Set.of(40401, 40403);

  /** Start of the client's message about an invalid schema; it has no exception type for that. */
  private static final String INVALID = "Invalid schema";

  private static final int CONFLICT = 409;

  /** A conflict, and what cannot be processed; every other refusal says nothing of a schema. */
  private static final Set<Integer> REFUSES_SCHEMA = Set.of(CONFLICT, 422);

  private static final int MAX_CONFLICTS = 5;
  private static final Duration CONFLICT_PAUSE = Duration.ofMillis(100);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration MAX_PAUSE = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(RegistryClient.class);

  /** Credentials before the host in an address. */
  private static final Pattern CREDENTIALS = Pattern.compile("(?<=//)[^/\\s,]*@");

  /** The address without credentials. */
  private final String url;

  private final Duration retry;
  private final CountDownLatch givenUp = new CountDownLatch(1);
  private final Supplier<SchemaRegistryClient> clients;
  private final SchemaRegistryClient client;
  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();

  /** Schemas that this client registered, or found registered, by id. */
  private final Map<Integer, Schema> own = new ConcurrentHashMap<>();

  /** Creates a client with these settings; it asks nothing yet. */
  public static RegistryClient of(Settings settings) {
    return of(settings, settings.registryRetry());
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
    this.url = withoutCredentials(url);
    this.retry = retry;
    this.clients =
        () ->
            SchemaRegistryClientFactory.newClient(
                List.of(url.split("\\s*,\\s*")),
                CACHED_SCHEMAS,
                List.of(new AvroSchemaProvider()),
                RegistryConfigs.of(configs),
                Map.of());
    this.client = clients.get();
  }

  /** Returns the address without credentials, for messages. */
  public String url() {
    return url;
  }

  private static String withoutCredentials(String text) {
    return CREDENTIALS.matcher(text).replaceAll("");
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
          untilAnswered(
              "register the schema of subject " + subject,
              () -> registered(subject, new AvroSchema(schema.toString())));
      own.put(id, schema);
      if (!WireFormat.hasArrayOfNothing(schema)) {
        schemas.put(id, schema);
      }
      return id;
    } catch (RestClientException e) {
      if (!REFUSES_SCHEMA.contains(e.getStatus())) {
        throw new RegistryUnavailableException(
            "the schema registry at %s does not take %s as subject %s: %s%s"
                .formatted(url, schema.getFullName(), subject, message(e), whatToDo(e)),
            e);
      }
      throw new SchemaRefusedException(
          "the schema registry at %s refuses %s as subject %s: %s%s%s"
              .formatted(
                  url,
                  schema.getFullName(),
                  subject,
                  e.getStatus() == CONFLICT
                      ? "it is not compatible with the versions that are registered. "
                      : "",
                  message(e),
                  whatToDo(e)),
          e);
    }
  }

  /**
   * Returns whether the registry has the schema of a topic's values, or would accept it; changes
   * nothing.
   *
   * @throws RegistryUnavailableException if the registry does not answer in time, or refuses this
   *     user
   */
  public SchemaStanding standing(String topic, Schema schema) {
    String subject = topic + "-value";
    AvroSchema parsed = new AvroSchema(schema.toString());
    try {
      Optional<Integer> id =
          untilAnswered(
              "look up the schema of " + subject, () -> found(() -> client.getId(subject, parsed)));
      if (id.isPresent()) {
        return new SchemaStanding(SchemaState.REGISTERED, "id " + id.get());
      }
      if (untilAnswered(
              "list the versions of " + subject, () -> found(() -> client.getAllVersions(subject)))
          .isEmpty()) {
        return new SchemaStanding(SchemaState.NEW, "");
      }
      boolean compatible =
          untilAnswered(
              "compare the schema of " + subject, () -> client.testCompatibility(subject, parsed));
      return new SchemaStanding(compatible ? SchemaState.COMPATIBLE : SchemaState.INCOMPATIBLE, "");
    } catch (RestClientException e) {
      throw new RegistryUnavailableException(
          "the schema registry at %s does not tell the state of %s: %s"
              .formatted(url, subject, message(e)),
          e);
    }
  }

  /** Returns the answer; empty where the registry, and not a proxy, says that there is no such. */
  private static <R> Optional<R> found(RegistryCall<R> call)
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
    return schema(id, retry);
  }

  /** Returns the schema with this id if it is known without asking. */
  Optional<Schema> known(int id) {
    return Optional.ofNullable(schemas.get(id));
  }

  /** Returns the schema with this id, as {@link #schema(int)} does, in another time. */
  Schema schema(int id, Duration patience) throws BadRecordException {
    Schema cached = schemas.get(id);
    if (cached != null) {
      return cached;
    }
    Optional<String> json;
    try {
      json = untilAnswered("find the schema with id " + id, patience, () -> json(client, id));
    } catch (RestClientException e) {
      if (NO_SUCH_SCHEMA.contains(e.getErrorCode())) {
        throw new BadRecordException.UnknownSchema(id);
      }
      throw notGiven(id, e);
    }
    Schema schema = WriterSchema.of(id, json.orElse(null));
    schemas.put(id, schema);
    return schema;
  }

  private RegistryUnavailableException notGiven(int id, RestClientException e) {
    return new RegistryUnavailableException(
        "the schema registry at %s does not give the schema with id %d: %s%s"
            .formatted(url, id, message(e), whatToDo(e)),
        e);
  }

  /**
   * Returns whether the registry still has a schema that this client registered; asks once. A
   * registry that lost its schemas has not.
   *
   * @throws RegistryUnavailableException if it does not answer
   */
  boolean remembers() {
    Optional<Map.Entry<Integer, Schema>> one = own.entrySet().stream().findAny();
    if (one.isEmpty()) {
      return false;
    }
    int id = one.get().getKey();
    String form = SchemaNormalization.toParsingForm(one.get().getValue());
    // The client at hand would answer from its cache.
    try (SchemaRegistryClient fresh = clients.get()) {
      String what = "find the schema with id " + id;
      return untilAnswered(what, Duration.ZERO, () -> found(() -> json(fresh, id)))
          .flatMap(json -> json)
          .map(json -> SchemaNormalization.toParsingForm(new Schema.Parser().parse(json)))
          .equals(Optional.of(form));
    } catch (RestClientException e) {
      throw notGiven(id, e);
    } catch (IOException e) {
      throw new RegistryUnavailableException("cannot close a client of " + url, e);
    }
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

  @FunctionalInterface
  private interface RegistryCall<R> {
    R ask() throws IOException, RestClientException;
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
      await(CONFLICT_PAUSE);
    }
  }

  private <R> R untilAnswered(String what, RegistryCall<R> call) throws RestClientException {
    return untilAnswered(what, retry, call);
  }

  /** Asks until there is an answer (a refusal counts) or the time is over. */
  private <R> R untilAnswered(String what, Duration patience, RegistryCall<R> call)
      throws RestClientException {
    long endNanos = System.nanoTime() + patience.toNanos();
    Duration pause = FIRST_PAUSE;
    while (true) {
      Exception failure;
      try {
        return call.ask();
      } catch (IOException e) {
        failure = e;
      } catch (RestClientException e) {
        if (!temporary(e)) {
          throw e;
        }
        failure = e;
      }
      String reason = withoutCredentials(failure.toString()) + whatToDo(failure);
      if (givenUp.getCount() == 0) {
        throw new RegistryUnavailableException(
            "the schema registry at %s did not %s, and is not tried again because this client stops: %s"
                .formatted(url, what, reason),
            failure);
      }
      if (System.nanoTime() - endNanos >= 0) {
        throw new RegistryUnavailableException(
            "the schema registry at %s did not %s%s: %s"
                .formatted(
                    url,
                    what,
                    patience.isZero() ? "" : " within " + patience.toMillis() + " ms",
                    reason),
            failure);
      }
      log.warn("schema registry at {} did not {}, trying again: {}", url, what, reason);
      await(pause); // giveUp() ends the pause; one last attempt follows
      pause = Collections.min(List.of(pause.multipliedBy(2), MAX_PAUSE));
    }
  }

  /** Waits between two attempts, at most until {@code giveUp}. */
  private void await(Duration pause) {
    try {
      boolean unused = givenUp.await(pause.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryUnavailableException("interrupted while waiting for " + url, e);
    }
  }

  /** Returns advice on the setting that is probably wrong; empty if there is none. */
  private static String whatToDo(Exception failure) {
    if (failure instanceof RestClientException refusal) {
      return switch (refusal.getStatus()) {
        case 401 ->
            ". It does not know this user: check registry.basic.auth.user.info, or"
                + " registry.bearer.auth.token";
        case 403 -> ". This user lacks a right there";
        default -> "";
      };
    }
    return failure instanceof SSLException
        ? ". Its certificate must be signed by an authority in registry.ssl.truststore.location and"
            + " have the host's name"
        : "";
  }

  private static String message(RestClientException e) {
    return withoutCredentials(String.valueOf(e.getMessage()));
  }

  private static boolean temporary(RestClientException e) {
    return e.getStatus() >= 500 || e.getStatus() == 429 || e.getStatus() == 408;
  }

  /** From now on asks only once; calls in progress also stop asking again. */
  public void giveUp() {
    givenUp.countDown();
  }

  @Override
  public void close() {
    giveUp();
    try {
      client.close();
    } catch (IOException e) {
      log.warn("cannot close the client of the schema registry at {}", url, e);
    }
  }
}

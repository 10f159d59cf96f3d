package dev.vmoe.event;

import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.SchemaRegistryClientFactory;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects to a schema registry, asks until it answers or the time for it is over, and words its
 * failures.
 */
final class RegistryCalls {

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration MAX_PAUSE = Duration.ofSeconds(1);

  private static final int CACHED_SCHEMAS = 1000;

  /** Credentials before the host in an address. */
  private static final Pattern CREDENTIALS = Pattern.compile("(?<=//)[^/\\s,]*@");

  private static final Logger log = LoggerFactory.getLogger(RegistryCalls.class);

  private final String url;
  private final Supplier<SchemaRegistryClient> clients;
  private final Duration patience;
  private final CountDownLatch givenUp = new CountDownLatch(1);

  /** A call of Confluent's client. */
  @FunctionalInterface
  interface Call<R> {
    R ask() throws IOException, RestClientException;
  }

  /**
   * Asks nothing yet.
   *
   * @param urls base address, or several separated by commas, with credentials or without
   * @param configs settings of Confluent's client
   * @param patience how long one that does not answer is asked again
   */
  RegistryCalls(String urls, Map<String, ?> configs, Duration patience) {
    this.url = withoutCredentials(urls);
    this.clients =
        () ->
            SchemaRegistryClientFactory.newClient(
                List.of(urls.split("\\s*,\\s*")),
                CACHED_SCHEMAS,
                List.of(new AvroSchemaProvider()),
                clientConfigs(configs),
                Map.of());
    this.patience = patience;
  }

  private static Map<String, Object> clientConfigs(Map<String, ?> configs) {
    String hostNameCheck = "ssl.endpoint.identification.algorithm";
    String tls = "schema.registry.";
    Map<String, Object> all = new HashMap<>();
    all.put("http.connect.timeout.ms", 5_000);
    all.put("http.read.timeout.ms", 5_000);
    if (configs.containsKey("basic.auth.user.info")) {
      all.put("basic.auth.credentials.source", "USER_INFO");
    }
    if (configs.containsKey("bearer.auth.token")) {
      all.put("bearer.auth.credentials.source", "STATIC_TOKEN");
    }
    // With a trust store and without this, the client would accept a certificate of any host.
    if (configs.keySet().stream().anyMatch(name -> name.startsWith("ssl."))) {
      all.put(hostNameCheck, "https");
      all.put(tls + hostNameCheck, "https");
    }
    all.putAll(configs);
    // The client looks for TLS settings under this prefix, for the others without it.
    configs.forEach((name, value) -> all.put(tls + name, value));
    return all;
  }

  /** Returns a client that has cached nothing. */
  SchemaRegistryClient connect() {
    return clients.get();
  }

  /** Returns the address without credentials. */
  String url() {
    return url;
  }

  /** Returns how long a registry that does not answer is asked again. */
  Duration patience() {
    return patience;
  }

  private static String withoutCredentials(String text) {
    return CREDENTIALS.matcher(text).replaceAll("");
  }

  /**
   * Asks until there is an answer or the time is over.
   *
   * @param what completes "the registry did not"
   * @throws RestClientException if the registry refuses
   * @throws RegistryUnavailableException if it does not answer
   */
  <R> R untilAnswered(String what, Call<R> call) throws RestClientException {
    return untilAnswered(what, patience, call);
  }

  /** Asks as {@link #untilAnswered(String, Call)} does, in another time. */
  <R> R untilAnswered(String what, Duration patience, Call<R> call) throws RestClientException {
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
      rest(pause); // giveUp() ends the pause; one last attempt follows
      pause = Collections.min(List.of(pause.multipliedBy(2), MAX_PAUSE));
    }
  }

  /** Waits between two attempts, at most until {@code giveUp}. */
  void rest(Duration pause) {
    try {
      boolean unused = givenUp.await(pause.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryUnavailableException("interrupted while waiting for " + url, e);
    }
  }

  /** Returns advice on the setting that is probably wrong; empty if there is none. */
  static String whatToDo(Exception failure) {
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

  static String message(RestClientException e) {
    return withoutCredentials(String.valueOf(e.getMessage()));
  }

  private static boolean temporary(RestClientException e) {
    return e.getStatus() >= 500 || e.getStatus() == 429 || e.getStatus() == 408;
  }

  /** From now on asks only once; calls in progress also stop asking again. */
  void giveUp() {
    givenUp.countDown();
  }
}

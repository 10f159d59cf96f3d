package dev.vmoe.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RegistryClientTest {

  private final List<String> authorizations = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger failuresLeft = new AtomicInteger();
  private volatile int status = 200;
  private volatile String answer = "{\"id\": 7}";
  private final HttpServer server;

  RegistryClientTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          authorizations.add(exchange.getRequestHeaders().getFirst("Authorization"));
          boolean fail = failuresLeft.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
          byte[] body = (fail ? "{}" : answer).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(fail ? 503 : status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private RegistryClient client(Map<String, ?> configs, Duration retry) {
    return new RegistryClient("http://127.0.0.1:" + server.getAddress().getPort(), configs, retry);
  }

  @Test
  void shouldAskAgainUntilTheRegistryAnswers() {
    failuresLeft.set(3);

    assertThat(register(client(Map.of(), Duration.ofSeconds(30)))).isEqualTo(7);
    assertThat(authorizations).hasSize(4);
  }

  @Test
  void shouldGiveUpWhenTheTimeIsUp() {
    server.stop(0);

    assertThatExceptionOfType(RegistryUnavailableException.class)
        .isThrownBy(() -> register(client(Map.of(), Duration.ofMillis(120))))
        .withMessageContaining("within 120 ms")
        .withMessageContaining("127.0.0.1");
  }

  @Test
  void shouldSayThatASchemaIsNotCompatible() {
    status = 409;
    answer = "{\"error_code\": 409, \"message\": \"field gone\"}";

    assertThatExceptionOfType(SchemaRefusedException.class)
        .isThrownBy(() -> register(client(Map.of(), Duration.ofSeconds(30))))
        .withMessageContaining("images-value")
        .withMessageContaining("not compatible")
        .withMessageContaining("field gone");
  }

  @Test
  void shouldTellAnUnknownIdFromARegistryThatIsNotThere() {
    RegistryClient client = client(Map.of(), Duration.ofMillis(50));
    status = 404;
    answer = "{\"error_code\": 40403, \"message\": \"Schema not found\"}";
    assertThatExceptionOfType(BadRecordException.UnknownSchema.class)
        .isThrownBy(() -> client.schema(9));

    answer = "<html>no such page</html>";
    assertThatExceptionOfType(RegistryUnavailableException.class)
        .isThrownBy(() -> client.schema(10));

    status = 401;
    answer = "{\"error_code\": 401, \"message\": \"who are you\"}";
    assertThatExceptionOfType(RegistryUnavailableException.class)
        .isThrownBy(() -> client.schema(11));
  }

  /** Whoever may register one must not make an instance wait for ever. */
  @Test
  void shouldTellASchemaThatIsNotAvroFromARegistryThatIsNotThere() {
    RegistryClient client = client(Map.of(), Duration.ofSeconds(30));
    for (String schema :
        List.of(
            "{\"schemaType\": \"JSON\", \"schema\": \"{}\"}",
            "{\"schemaType\": \"PROTOBUF\", \"schema\": \"syntax = 'proto3';\"}",
            "{\"schema\": \"{\\\"type\\\": \\\"nonsense\\\"}\"}",
            "{\"schema\": \"\"}")) {
      answer = schema;
      int before = authorizations.size();
      assertThatExceptionOfType(BadRecordException.UnresolvableSchema.class)
          .as(schema)
          .isThrownBy(() -> client.schema(schema.length()));
      assertThat(authorizations).as("questions").hasSize(before + 1);
    }
  }

  @Test
  void shouldSendTheCredentialsInItsSettings() {
    register(client(Map.of("basic.auth.user.info", "ann:secret"), Duration.ZERO));
    register(client(Map.of("bearer.auth.token", "t0ken"), Duration.ZERO));

    assertThat(authorizations).containsExactly("Basic YW5uOnNlY3JldA==", "Bearer t0ken");
  }

  @Test
  void shouldNotPrintTheCredentialsOfAnAddress() {
    String host = "127.0.0.1:" + server.getAddress().getPort();
    server.stop(0);

    assertThatExceptionOfType(RegistryUnavailableException.class)
        .isThrownBy(
            () ->
                register(
                    new RegistryClient(
                        "http://ann:hunter2@" + host + ", http://bob:hunter3@" + host,
                        Map.of(),
                        Duration.ZERO)))
        .withMessageContaining("http://" + host)
        .withMessageNotContaining("hunter")
        .withMessageNotContaining("ann");
  }

  @Test
  void shouldStopTryingAgainWhenItIsToldTo() throws Exception {
    server.stop(0);
    RegistryClient client = client(Map.of(), Duration.ofMinutes(10));
    AtomicReference<Thread> asking = new AtomicReference<>();
    CompletableFuture<Integer> question =
        CompletableFuture.supplyAsync(
            () -> {
              asking.set(Thread.currentThread());
              return register(client);
            });
    Awaitility.await() // until it pauses between two attempts
        .until(() -> asking.get() != null && asking.get().getState() == Thread.State.TIMED_WAITING);

    client.giveUp();

    assertThat(question)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableThat()
        .havingCause()
        .isInstanceOf(RegistryUnavailableException.class)
        .withMessageContaining("not tried again");
  }

  private static int register(RegistryClient client) {
    return client.register("images", ImageRequest.getClassSchema());
  }
}

package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.vmoe.lab.faults.RegistryProxy.Mood;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients see of a registry that seems to fail. */
@Timeout(30)
class RegistryProxyTest {

  private final HttpClient client = HttpClient.newHttpClient();
  private HttpServer registry;
  private RegistryProxy proxy;

  @BeforeEach
  void start() throws IOException {
    registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    registry.createContext(
        "/",
        exchange -> {
          try (exchange) {
            byte[] body =
                (exchange.getRequestMethod() + " passed").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    registry.start();
    proxy =
        new RegistryProxy(
            "127.0.0.1", "http://127.0.0.1:" + registry.getAddress().getPort() + "/api");
  }

  @AfterEach
  void stop() {
    proxy.close();
    registry.stop(0);
  }

  @Test
  void shouldPassRequestsOn() throws Exception {
    assertThat(proxy.url()).endsWith("/api");
    assertThat(get("/schemas/ids/1").body()).isEqualTo("GET passed");
  }

  @Test
  void shouldCloseConnectionsWhenAway() {
    proxy.be(Mood.AWAY);

    assertThatThrownBy(() -> get("/schemas/ids/1")).isInstanceOf(IOException.class);
  }

  @Test
  void shouldNotAnswerWhileItHangs() throws Exception {
    proxy.be(Mood.HUNG);
    HttpRequest impatient = request("/schemas/ids/1").timeout(Duration.ofMillis(300)).build();

    assertThatThrownBy(() -> client.send(impatient, BodyHandlers.ofString()))
        .isInstanceOf(HttpTimeoutException.class);
    proxy.be(Mood.WELL);
    assertThat(get("/schemas/ids/2").body()).isEqualTo("GET passed");
  }

  @Test
  void shouldRefuseOrBeMissing() throws Exception {
    proxy.be(Mood.FORBIDDING);
    assertThat(get("/schemas/ids/1").statusCode()).isEqualTo(403);
    proxy.be(Mood.MISSING);
    assertThat(get("/schemas/ids/1").statusCode()).isEqualTo(404);
    assertThat(get("/schemas/ids/1").body()).startsWith("<html>");
  }

  @Test
  void shouldKnowNothingButTakeRegistrationsWhenEmpty() throws Exception {
    proxy.be(Mood.EMPTY);

    assertThat(get("/schemas/ids/1").statusCode()).isEqualTo(404);
    assertThat(get("/schemas/ids/1").body()).contains("40403");
    assertThat(get("/subjects").body()).isEqualTo("[]");
    assertThat(post("/subjects/a-value").statusCode()).isEqualTo(404);
    assertThat(post("/subjects/a-value/versions").body()).isEqualTo("POST passed");
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(proxy.url() + path));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(request(path).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path) throws Exception {
    return client.send(
        request(path).POST(BodyPublishers.ofString("{}")).build(), BodyHandlers.ofString());
  }
}

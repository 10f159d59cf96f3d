package dev.vmoe.app.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.vmoe.Certificates;
import dev.vmoe.streams.metrics.Meters;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A console with a token, with TLS, and with clients that mean it no good. */
class EntranceTest {

  private static final String TOKEN = "a-token-of-the-console-42";

  private static final List<String> GUARDED =
      List.of(
          "/",
          "/api/status",
          "/api/images",
          "/api/config",
          "/metrics",
          "/topology",
          "/page/app.js",
          "/page/index.html",
          "/page/login.html",
          "/uplot/dist/uPlot.min.css",
          "/no/such/page",
          "//api/status",
          "/page/..%2fapi/status",
          "/health/live/../../api/status",
          "/health/live/x",
          "/health/live;x");

  private static final List<String> OPEN =
      List.of("/health/live", "/health/ready", "/page/login.js", "/page/dom.js", "/page/style.css");

  private final Meters meters = new Meters();

  private final Instance instance =
      new Instance() {
        @Override
        public Health health() {
          return Health.READY;
        }

        @Override
        public Optional<String> topology() {
          return Optional.of("the topology");
        }
      };

  private HttpClient client = HttpClient.newHttpClient();
  private Console console;

  @AfterEach
  void close() {
    console.close();
    meters.close();
  }

  private void start(boolean page, boolean openMetrics, TlsIdentity tls) {
    console =
        Console.start(
            new Listening("127.0.0.1", 0, page, List.of(), new Token(TOKEN), openMetrics, tls),
            meters,
            instance);
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(console.address() + path.substring(1)))
            .timeout(Duration.ofSeconds(10));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> login(String body, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(console.address() + "api/login"))
            .timeout(Duration.ofSeconds(10))
            .POST(BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  @Test
  void shouldServeNothingButHealthAndItsLoginWithoutTheToken() throws Exception {
    start(true, false, null);

    for (String path : GUARDED) {
      HttpResponse<String> answer = get(path);
      assertThat(answer.statusCode()).as(path).isIn(400, 401);
      assertThat(answer.body()).as(path).doesNotContain("the topology", "jvm_", "started_ms");
    }
    for (String path : OPEN) {
      assertThat(get(path).statusCode()).as(path).isEqualTo(200);
    }
    assertThat(get("/").body()).contains("/page/login.js").doesNotContain("/page/app.js");
    assertThat(get("/metrics").headers().firstValue("WWW-Authenticate"))
        .hasValue("Bearer realm=\"vmoe\"");
    assertThat(get("/metrics").body()).contains("Authorization: Bearer", "console.token");
  }

  @Test
  void shouldServeEverythingWithTheTokenInTheHeader() throws Exception {
    start(true, false, null);

    assertThat(get("/topology", "Authorization", "Bearer " + TOKEN).body())
        .isEqualTo("the topology");
    assertThat(get("/metrics", "Authorization", "bearer  " + TOKEN).statusCode()).isEqualTo(200);
    assertThat(get("/", "Authorization", "Bearer " + TOKEN).body()).contains("/page/app.js");
    for (String wrong :
        List.of(
            TOKEN,
            "Bearer",
            "Bearer " + TOKEN + "x",
            "Bearer " + TOKEN.substring(1),
            "Bearer " + TOKEN.toUpperCase(java.util.Locale.ROOT),
            "Basic " + TOKEN)) {
      assertThat(get("/topology", "Authorization", wrong).statusCode()).as(wrong).isEqualTo(401);
    }
  }

  @Test
  void shouldServeMetricsAloneWithoutTheTokenWhereTheyAreOpen() throws Exception {
    start(false, true, null);

    assertThat(get("/metrics").statusCode()).isEqualTo(200);
    assertThat(get("/health/ready").statusCode()).isEqualTo(200);
    assertThat(get("/topology").statusCode()).isEqualTo(401);
  }

  @Test
  void shouldLetABrowserInThatKnowsTheToken() throws Exception {
    start(true, false, null);
    String json = "application/json";

    HttpResponse<String> in =
        login(
            "{\"token\": \"" + TOKEN + "\"}",
            "Content-Type",
            json,
            "Sec-Fetch-Site",
            "same-origin");
    assertThat(in.statusCode()).isEqualTo(200);
    String cookie = in.headers().firstValue("Set-Cookie").orElseThrow();
    assertThat(cookie)
        .contains("HttpOnly", "SameSite=Strict", "Path=/")
        .doesNotContain(TOKEN, "Secure", "Domain");

    String value = cookie.substring(0, cookie.indexOf(';'));
    assertThat(get("/topology", "Cookie", value).statusCode()).isEqualTo(200);
    assertThat(get("/", "Cookie", value).body()).contains("/page/app.js");
    assertThat(get("/topology", "Cookie", value + "x").statusCode()).isEqualTo(401);
    assertThat(get("/topology", "Cookie", "vmoe_session=" + TOKEN).statusCode()).isEqualTo(401);
  }

  @Test
  void shouldLetNobodyInWhoDoesNot() throws Exception {
    start(true, false, null);
    String json = "application/json";

    for (String body :
        List.of("{\"token\": \"wrong\"}", "{\"token\": \"\"}", "{\"token\": null}", "{}", "null")) {
      HttpResponse<String> answer = login(body, "Content-Type", json);
      assertThat(answer.statusCode()).as(body).isEqualTo(403);
      assertThat(answer.headers().firstValue("Set-Cookie")).isEmpty();
    }
    HttpResponse<String> broken = login("{\"token\": \"" + TOKEN, "Content-Type", json);
    assertThat(broken.statusCode()).isEqualTo(400);
    assertThat(broken.body()).doesNotContain(TOKEN);
    assertThat(login("{\"token\": \"" + TOKEN + "\"}", "Content-Type", "text/plain").statusCode())
        .isEqualTo(415);
    assertThat(
            login(
                    "{\"token\": \"" + TOKEN + "\"}",
                    "Content-Type",
                    json,
                    "Sec-Fetch-Site",
                    "cross-site")
                .statusCode())
        .isEqualTo(403);
    assertThat(login(" ".repeat(17_000), "Content-Type", json).statusCode()).isEqualTo(413);
  }

  @Test
  void shouldEncrypt() throws Exception {
    Certificates certificates = Certificates.shared();
    start(true, false, TlsIdentity.pem(certificates.serverPem(), certificates.serverKeyPem()));

    assertThat(console.address()).startsWith("https://127.0.0.1:");
    assertThatExceptionOfType(SSLHandshakeException.class).isThrownBy(() -> get("/health/live"));

    client = HttpClient.newBuilder().sslContext(certificates.context()).build();
    assertThat(get("/health/live").statusCode()).isEqualTo(200);
    HttpResponse<String> in =
        login("{\"token\": \"" + TOKEN + "\"}", "Content-Type", "application/json");
    assertThat(in.headers().firstValue("Set-Cookie").orElseThrow()).contains("Secure");

    assertThat(raw("GET /topology HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
        .doesNotContain("200", "the topology");
  }

  @Test
  void shouldSendTheHeadersThatBrowsersProtectItBy() throws Exception {
    start(false, false, null);

    for (String path : List.of("/metrics", "/health/live", "/nothing")) {
      assertThat(get(path).headers().map())
          .as(path)
          .containsEntry("X-Content-Type-Options", List.of("nosniff"))
          .containsEntry("Referrer-Policy", List.of("no-referrer"))
          .containsEntry("Cross-Origin-Resource-Policy", List.of("same-origin"))
          .containsEntry("Cross-Origin-Opener-Policy", List.of("same-origin"))
          .hasEntrySatisfying(
              "Content-Security-Policy", it -> assertThat(it.get(0)).contains("default-src 'self'"))
          .doesNotContainKey("Server");
    }
  }

  @Test
  void shouldTakeNoMoreHeadersThanItNeeds() throws Exception {
    start(false, false, null);
    String start = "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";

    assertThat(raw(start + "X: " + "x".repeat(7_000) + "\r\n\r\n")).startsWith("HTTP/1.1 200");
    assertThat(raw(start + "X: " + "x".repeat(9_000) + "\r\n\r\n")).startsWith("HTTP/1.1 431");
    assertThat(raw("GET /" + "x".repeat(9_000) + " HTTP/1.1\r\nHost: a\r\n\r\n"))
        .startsWith("HTTP/1.1 414");
  }

  /** Of the console's sixteen threads, slow bodies hold four at most. */
  @Test
  void shouldAnswerProbesWhileManyClientsAreSlow() throws Exception {
    start(true, false, null);
    String head =
        "POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            + "Content-Length: 1000\r\n\r\n{";
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 40; i++) {
        Socket socket = new Socket("127.0.0.1", console.port());
        socket.setSoTimeout(20_000);
        slow.add(socket);
        String half = i % 2 == 0 ? head : "GET /health/live HTTP/1.1\r\nHost: ";
        socket.getOutputStream().write(half.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
      }
      assertThat(get("/health/ready").statusCode()).isEqualTo(200);
      // of the twenty with a body, all but four are sent away
      await().until(() -> answered(slow).size() == 16);
      for (Socket socket : answered(slow)) {
        assertThat(answer(socket)).isEqualTo("HTTP/1.1 503");
      }
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  private static List<Socket> answered(List<Socket> sockets) throws IOException {
    List<Socket> answered = new ArrayList<>();
    for (Socket socket : sockets) {
      if (socket.getInputStream().available() > 0) {
        answered.add(socket);
      }
    }
    return answered;
  }

  @Test
  void shouldEndABodyThatDrips() throws Exception {
    start(true, false, null);
    try (Socket socket = new Socket("127.0.0.1", console.port())) {
      socket.setSoTimeout(200);
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                  + "Content-Length: 1000\r\n\r\n{")
              .getBytes(StandardCharsets.US_ASCII));
      await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () -> {
                try {
                  return answer(socket).startsWith("HTTP/1.1 408");
                } catch (SocketTimeoutException e) {
                  out.write(' ');
                  out.flush();
                  return false;
                }
              });
    }
  }

  private static String answer(Socket socket) throws IOException {
    byte[] start = new byte[12];
    InputStream in = socket.getInputStream();
    return new String(start, 0, in.readNBytes(start, 0, start.length), StandardCharsets.US_ASCII);
  }

  private String raw(String request) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", console.port())) {
      socket.setSoTimeout(10_000);
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }
}

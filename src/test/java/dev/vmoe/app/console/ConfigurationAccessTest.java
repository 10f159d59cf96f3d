package dev.vmoe.app.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.metrics.Meters;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests as they go over the wire, whatever a browser would make of them. */
class ConfigurationAccessTest {

  private static final String CHANGE =
      "{\"version\": 3, \"settings\": {\"capacity.ratio\": 0.5}, \"note\": \" why \"}";

  private final Meters meters = new Meters();
  private final List<ConfigurationChange> changes = new ArrayList<>();
  private boolean writable = true;

  private final PipelineView pipeline =
      new PipelineView() {
        @Override
        public Configuration configuration() {
          return new Configuration(3L, null, List.of(), null);
        }

        @Override
        public List<DeadLetterView> deadLetters() {
          return List.of();
        }

        @Override
        public Optional<BatchView> images() {
          return Optional.empty();
        }

        @Override
        public boolean writable() {
          return writable;
        }

        @Override
        public String change(ConfigurationChange change) {
          changes.add(change);
          return "written";
        }
      };

  private final Instance instance =
      new Instance() {
        @Override
        public Health health() {
          return Health.READY;
        }

        @Override
        public Optional<String> topology() {
          return Optional.empty();
        }

        @Override
        public Optional<PipelineView> view() {
          return Optional.of(pipeline);
        }
      };

  private Console console = Console.start(Listening.at("127.0.0.1", 0), meters, instance);

  @AfterEach
  void close() {
    console.close();
    meters.close();
  }

  /** Returns the status line and the body. */
  private String send(String method, String path, String host, String body, String... headers)
      throws IOException {
    StringBuilder request = new StringBuilder();
    request.append("%s %s HTTP/1.1\r\nHost: %s\r\n".formatted(method, path, host));
    for (String header : headers) {
      request.append(header).append("\r\n");
    }
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    request.append("Content-Length: " + bytes.length + "\r\nConnection: close\r\n\r\n");
    try (Socket socket = new Socket("127.0.0.1", console.port())) {
      socket.setSoTimeout(10_000);
      OutputStream out = socket.getOutputStream();
      out.write(request.toString().getBytes(StandardCharsets.ISO_8859_1));
      out.write(bytes);
      out.flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private String change(String host, String... headers) throws IOException {
    return send("POST", "/api/config", host, CHANGE, headers);
  }

  private String own() {
    return "127.0.0.1:" + console.port();
  }

  @Test
  void shouldTakeAChangeFromItsOwnPage() throws IOException {
    String answer =
        change(
            own(),
            "Content-Type: application/json",
            "Origin: http://" + own(),
            "Sec-Fetch-Site: same-origin");

    assertThat(answer).startsWith("HTTP/1.1 200").endsWith("{\"done\":\"written\"}");
    assertThat(changes.get(0).settings()).containsEntry("capacity.ratio", "0.5");
    assertThat(changes.get(0).version()).isEqualTo(3);
    assertThat(changes.get(0).note()).isEqualTo("why");
    assertThat(changes.get(0).author()).isNull();
  }

  @Test
  void shouldRefuseAnAuthorOrNoteOfMoreThanOneLine() throws IOException {
    for (String field : List.of("author", "note")) {
      String answer =
          send(
              "POST",
              "/api/config",
              own(),
              "{\"settings\": {\"routing\": \"bpr\"}, \"" + field + "\": \"x\\ny\"}",
              "Content-Type: application/json");
      assertThat(answer)
          .startsWith("HTTP/1.1 400")
          .contains(field + " has line breaks or control characters");
    }
    assertThat(changes).isEmpty();
  }

  @Test
  void shouldTakeAChangeFromAScript() throws IOException {
    assertThat(change("localhost:" + console.port(), "Content-Type: application/json"))
        .startsWith("HTTP/1.1 200");
  }

  @Test
  void shouldRefuseOtherSites() throws IOException {
    String json = "Content-Type: application/json";
    assertThat(change(own(), json, "Origin: http://evil.example"))
        .startsWith("HTTP/1.1 403")
        .contains("another site: http://evil.example");
    assertThat(change(own(), json, "Origin: null")).startsWith("HTTP/1.1 403");
    assertThat(change(own(), json, "Origin: http://127.0.0.1:1")).startsWith("HTTP/1.1 403");
    for (String site : List.of("cross-site", "same-site", "none")) {
      assertThat(change(own(), json, "Sec-Fetch-Site: " + site)).startsWith("HTTP/1.1 403");
    }
    assertThat(changes).isEmpty();
  }

  @Test
  void shouldRefuseWhatAFormCanSend() throws IOException {
    for (String type :
        List.of(
            "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")) {
      assertThat(change(own(), "Content-Type: " + type)).startsWith("HTTP/1.1 415");
    }
    assertThat(change(own())).startsWith("HTTP/1.1 415");
    assertThat(changes).isEmpty();
  }

  private void listen(String host, boolean page, String... names) {
    console.close();
    console =
        Console.start(
            new Listening(host, 0, page, List.of(names), null, true, null), meters, instance);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "0.0.0.0"})
  void shouldServeNothingButMetricsAndHealthUnderANameThatMayBeAnybodys(String host)
      throws IOException {
    listen(host, true);
    String rebound = "evil.example:" + console.port();

    assertThat(change(rebound, "Content-Type: application/json", "Origin: http://" + rebound))
        .startsWith("HTTP/1.1 421");
    for (String path :
        List.of("/", "/api/status", "/api/images", "/api/config", "/topology", "/page/app.js")) {
      assertThat(send("GET", path, rebound, ""))
          .as(path)
          .startsWith("HTTP/1.1 421")
          .contains("evil.example is no name of this console", "console.names");
    }
    for (String path : List.of("/metrics", "/health/live", "/health/ready")) {
      assertThat(send("GET", path, rebound, "")).as(path).startsWith("HTTP/1.1 200");
    }
    for (String tricky :
        List.of("127.0.0.1.evil.example", "localhost.evil.example", "1.2.3.4.5", "vmoe.example")) {
      assertThat(send("GET", "/api/status", tricky, "")).as(tricky).startsWith("HTTP/1.1 421");
    }
    assertThat(changes).isEmpty();
  }

  @Test
  void shouldBeReadAndWrittenUnderAnyAddress() throws IOException {
    listen("0.0.0.0", true);

    for (String name :
        List.of("10.1.2.3:80", "[::1]:8080", "[fe80::1]", "localhost", "LOCALHOST")) {
      assertThat(send("GET", "/api/status", name, "")).as(name).startsWith("HTTP/1.1 200");
      assertThat(change(name, "Content-Type: application/json")).startsWith("HTTP/1.1 200");
    }
  }

  /** A proxy hands the browser's name on, or puts its own address for it into Host. */
  @Test
  void shouldTakeChangesThroughAProxyWhoseNameItKnows() throws IOException {
    listen("127.0.0.1", true, "vmoe.example", "vmoe.example:8443");
    String json = "Content-Type: application/json";

    assertThat(send("GET", "/api/status", "vmoe.example", "")).startsWith("HTTP/1.1 200");
    for (String host : List.of("vmoe.example", "vmoe.example:8443", own())) {
      for (String origin : List.of("https://vmoe.example", "https://VMOE.example:8443")) {
        assertThat(change(host, json, "Origin: " + origin, "Sec-Fetch-Site: same-origin"))
            .as("%s, %s", host, origin)
            .startsWith("HTTP/1.1 200");
      }
    }
    changes.clear();
    for (String origin :
        List.of(
            "https://other.example",
            "https://vmoe.example:1",
            "https://vmoe.example.evil.example")) {
      assertThat(change(own(), json, "Origin: " + origin))
          .startsWith("HTTP/1.1 403")
          .contains(origin, "console.names");
    }
    assertThat(changes).isEmpty();
  }

  @Test
  void shouldServeMetricsAndHealthAloneWhereThePageIsNotWanted() throws IOException {
    listen("127.0.0.1", false);

    for (String path : List.of("/metrics", "/health/live", "/health/ready")) {
      assertThat(send("GET", path, own(), "")).startsWith("HTTP/1.1 200");
    }
    for (String path :
        List.of("/", "/api/status", "/api/images", "/api/config", "/topology", "/page/app.js")) {
      assertThat(send("GET", path, own(), ""))
          .as(path)
          .startsWith("HTTP/1.1 404")
          .contains("console.page");
    }
    assertThat(change(own(), "Content-Type: application/json")).startsWith("HTTP/1.1 404");
    assertThat(changes).isEmpty();
  }

  /** Whoever sends half of a change holds up nobody else's. */
  @Test
  void shouldTakeAChangeWhileAnotherComesSlowly() throws IOException {
    try (Socket slow = new Socket("127.0.0.1", console.port())) {
      slow.setSoTimeout(10_000);
      String head =
          "POST /api/config HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                  .formatted(own())
              + "Expect: 100-continue\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                  .formatted(CHANGE.length());
      OutputStream out = slow.getOutputStream();
      out.write(head.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      // "100 Continue" comes when the body is being read
      assertThat(slow.getInputStream().read()).isEqualTo('H');

      assertThat(change(own(), "Content-Type: application/json")).startsWith("HTTP/1.1 200");

      out.write(CHANGE.getBytes(StandardCharsets.UTF_8));
      out.flush();
      assertThat(new String(slow.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("HTTP/1.1 200");
    }
    assertThat(changes).hasSize(2);
  }

  @Test
  void shouldRefuseWhereWritingIsNotAllowed() throws IOException {
    writable = false;

    assertThat(change(own(), "Content-Type: application/json"))
        .startsWith("HTTP/1.1 403")
        .contains("console.config.write is false");
    assertThat(changes).isEmpty();
  }

  @Test
  void shouldSayWhatIsWrongWithARequest() throws IOException {
    String json = "Content-Type: application/json";
    assertThat(send("POST", "/api/config", own(), "{", json)).startsWith("HTTP/1.1 400");
    assertThat(
            send(
                "POST", "/api/config", own(), "{\"settings\": {\"a\": \"b\"}, \"ratio\": 1}", json))
        .startsWith("HTTP/1.1 400")
        .contains("ratio");
    assertThat(send("POST", "/api/config", own(), "null", json))
        .startsWith("HTTP/1.1 400")
        .contains("not a change: null");
    assertThat(send("PUT", "/api/config", own(), "{}", json))
        .startsWith("HTTP/1.1 405")
        .contains("Allow: GET, HEAD, POST", "change it with POST");
    assertThat(send("POST", "/api/config", own(), "{\"version\": 3}", json))
        .startsWith("HTTP/1.1 400")
        .contains("nothing to change");
    String longNote = "{\"settings\": {\"a\": \"b\"}, \"note\": \"" + "x".repeat(501) + "\"}";
    assertThat(send("POST", "/api/config", own(), longNote, json))
        .startsWith("HTTP/1.1 400")
        .contains("note of 501 characters is longer than 500");
    assertThat(send("POST", "/api/config", own(), " ".repeat(16 * 1024 + 1), json))
        .startsWith("HTTP/1.1 413");
    assertThat(send("GET", "/api/status?after=now", own(), "")).startsWith("HTTP/1.1 400");
    assertThat(changes).isEmpty();
  }
}

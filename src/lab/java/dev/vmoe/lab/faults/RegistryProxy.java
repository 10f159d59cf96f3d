package dev.vmoe.lab.faults;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An address in front of a schema registry, which can behave as if the registry failed. */
final class RegistryProxy implements AutoCloseable {

  /** How the registry seems to be. */
  enum Mood {
    WELL,
    /** It closes connections without an answer. */
    AWAY,
    /** It never answers. */
    HUNG,
    /** It answers 403. */
    FORBIDDING,
    /** A proxy before it answers 404, as a page. */
    MISSING,
    /** It knows no schema; registrations go through. */
    EMPTY
  }

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpClient client = HttpClient.newHttpClient();
  private final URI registry;
  private volatile Mood mood = Mood.WELL;
  private volatile CountDownLatch changed = new CountDownLatch(1);

  /**
   * Stands before a registry.
   *
   * @param host address that it listens on
   * @param registryUrl address of the registry
   */
  RegistryProxy(String host, String registryUrl) throws IOException {
    registry = URI.create(registryUrl);
    server = HttpServer.create(new InetSocketAddress(host, 0), 0);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** Returns the address for instances. */
  String url() {
    return "http://"
        + server.getAddress().getHostString()
        + ":"
        + server.getAddress().getPort()
        + registry.getPath();
  }

  /** Changes how the registry seems to be; requests that hang are dropped. */
  synchronized void be(Mood next) {
    mood = next;
    changed.countDown();
    changed = new CountDownLatch(1);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      CountDownLatch change = changed;
      switch (mood) {
        case WELL -> pass(exchange);
        case AWAY -> {} // closed without an answer
        case HUNG -> change.await();
        case FORBIDDING -> send(exchange, 403, "{\"error_code\":40301,\"message\":\"forbidden\"}");
        case MISSING -> send(exchange, 404, "<html>404 Not Found</html>");
        case EMPTY -> {
          if (registers(exchange)) {
            pass(exchange);
          } else if (exchange.getRequestURI().getPath().endsWith("/subjects")) {
            send(exchange, 200, "[]");
          } else {
            send(exchange, 404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean registers(HttpExchange exchange) {
    return exchange.getRequestMethod().equals("POST")
        && exchange.getRequestURI().getPath().endsWith("/versions");
  }

  private void pass(HttpExchange exchange) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(registry.resolve(exchange.getRequestURI()))
            .timeout(LIMIT)
            .method(
                exchange.getRequestMethod(),
                BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()));
    String contentType = exchange.getRequestHeaders().getFirst("Content-Type");
    if (contentType != null) {
      request.header("Content-Type", contentType);
    }
    HttpResponse<byte[]> response = client.send(request.build(), BodyHandlers.ofByteArray());
    send(exchange, response.statusCode(), response.body());
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    send(exchange, status, body.getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    be(Mood.WELL);
    server.stop(0);
    threads.shutdownNow();
  }
}

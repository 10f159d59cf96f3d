package dev.vmoe.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.apache.hc.client5.http.DnsResolver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fetches from servers of every kind. The host {@code images.test} has the address 127.0.0.2, which
 * stands for a public one here; 127.0.0.1 is what it is.
 */
abstract class FetchingFixture {

  static final int MAX_IMAGE_BYTES = 3 * FetchAhead.FIRST_BYTES;
  static final byte[] IMAGE = {1, 2, 3, 4};

  @TempDir Path folder;

  private final ExecutorService handlers = Executors.newCachedThreadPool();
  private final CountDownLatch over = new CountDownLatch(1);
  final Queue<String> asked = new ConcurrentLinkedQueue<>();
  final Queue<String> askedInside = new ConcurrentLinkedQueue<>();
  final Queue<FetchObserver.Outcome> outcomes = new ConcurrentLinkedQueue<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  HttpServer server;
  String root;
  Duration timeout = Duration.ofSeconds(20);
  private int atOnce = 8;
  volatile long maxBytes = 1L << 30;
  Set<String> privateHosts = Set.of();
  DnsResolver names = resolver("127.0.0.2");

  @BeforeEach
  void serve() throws IOException {
    server = server("127.0.0.2", 0, asked);
    root = "http://images.test:" + server.getAddress().getPort() + "/in/";
  }

  @AfterEach
  void close() throws Exception {
    over.countDown();
    for (AutoCloseable it : open) {
      it.close();
    }
    handlers.shutdownNow();
  }

  HttpServer server(String address, int port, Queue<String> requests) throws IOException {
    HttpServer its = HttpServer.create(new InetSocketAddress(address, port), 0);
    its.setExecutor(handlers);
    its.createContext(
        "/",
        exchange -> {
          requests.add(exchange.getRequestURI().toString());
          String path = exchange.getRequestURI().getPath();
          answer(exchange, path.substring(path.lastIndexOf('/') + 1));
        });
    its.start();
    open.add(() -> its.stop(0));
    return its;
  }

  private void answer(HttpExchange exchange, String what) throws IOException {
    try (exchange) {
      switch (what) {
        case "image" -> send(exchange, 200, IMAGE);
        case "large" -> send(exchange, 200, new byte[MAX_IMAGE_BYTES]);
        case "too-large" -> exchange.sendResponseHeaders(200, MAX_IMAGE_BYTES + 1L);
        case "missing", "1\u6f22" -> send(exchange, 404, new byte[10]);
        case "second-time" -> send(exchange, times(what) == 1 ? 500 : 200, IMAGE);
        case "failing" -> send(exchange, 503, new byte[0]);
        case "hanging" -> awaitOver();
        case "cut" -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(IMAGE);
        }
        case "endless" -> {
          exchange.sendResponseHeaders(200, 0);
          pour(exchange.getResponseBody(), 64 * 1024, 0);
        }
        case "dripping" -> {
          exchange.sendResponseHeaders(200, 0);
          pour(exchange.getResponseBody(), 1, 20);
        }
        default -> {
          exchange.getResponseHeaders().add("Location", target(what));
          send(exchange, 302, new byte[0]);
        }
      }
    }
  }

  private static String target(String what) {
    return switch (what) {
      case "to-image" -> "../in/image";
      case "to-itself" -> "to-itself";
      case "to-metadata" -> "http://169.254.169.254/latest/meta-data/";
      case "to-file" -> "file:///etc/passwd";
      case "out" -> "/private/image";
      default -> throw new IllegalArgumentException(what);
    };
  }

  long times(String what) {
    return asked.stream().filter(it -> it.endsWith("/" + what)).count();
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  private void awaitOver() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends when nobody reads any more. */
  private static void pour(OutputStream out, int bytes, long pauseMs) throws IOException {
    try {
      while (true) {
        out.write(new byte[bytes]);
        out.flush();
        Thread.sleep(pauseMs);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns a resolver that gives these addresses one after the other, and the last for ever. */
  static DnsResolver resolver(String... addresses) {
    Queue<String> left = new ConcurrentLinkedQueue<>(List.of(addresses));
    return new DnsResolver() {
      @Override
      public InetAddress[] resolve(String host) throws UnknownHostException {
        boolean literal = Character.isDigit(host.charAt(0));
        String now = literal ? host : left.size() > 1 ? left.remove() : left.element();
        return new InetAddress[] {InetAddress.getByName(now)};
      }

      @Override
      public String resolveCanonicalHostname(String host) {
        return host;
      }
    };
  }

  FetchAhead fetchAhead(String... prefixes) {
    return fetching(prefixes).openFetchAhead();
  }

  Fetching fetching(String... prefixes) {
    FetchBounds bounds =
        new FetchBounds(
            Stream.concat(Stream.of(root), Stream.of(prefixes)).toList(),
            privateHosts,
            atOnce,
            timeout,
            MAX_IMAGE_BYTES,
            () -> maxBytes);
    Fetching fetching =
        new Fetching(
            bounds,
            (outcome, nanos) -> outcomes.add(outcome),
            new PublicHosts(names, privateHosts, it -> it.getHostAddress().equals("127.0.0.2")));
    open.add(0, fetching);
    return fetching;
  }

  byte[] get(String address, String... prefixes) throws FetchException {
    Fetch fetch = fetchAhead(prefixes).fetch(0, address);
    await().until(fetch::isOver);
    return fetch.image();
  }

  String failure(FetchObserver.Outcome outcome, String address, String... prefixes) {
    FetchException[] reason = new FetchException[1];
    assertThatThrownBy(() -> get(address, prefixes))
        .isInstanceOfSatisfying(FetchException.class, it -> reason[0] = it);
    await().untilAsserted(() -> assertThat(outcomes).containsExactly(outcome));
    return reason[0].getMessage();
  }

  String refusal(String address, String... prefixes) {
    return failure(FetchObserver.Outcome.REFUSED, address, prefixes);
  }

  String failure(String address) {
    return failure(FetchObserver.Outcome.FAILED, address);
  }
}

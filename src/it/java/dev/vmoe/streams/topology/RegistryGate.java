package dev.vmoe.streams.topology;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.vmoe.event.RegistryForward;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** An address in front of a registry that can be shut, as if the registry were down. */
public final class RegistryGate implements AutoCloseable {

  /** Answers a request, or leaves it without an answer. */
  private interface Way {
    void pass(HttpExchange exchange) throws IOException;
  }

  private final HttpServer server;
  private final RegistryForward registry;
  private final AtomicInteger turnedAway = new AtomicInteger();
  private final AtomicInteger misled = new AtomicInteger();
  private volatile Way way;

  private RegistryGate(String registryUrl) throws IOException {
    registry = new RegistryForward(registryUrl);
    way = registry::pass;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> way.pass(exchange));
    server.setExecutor(Executors.newSingleThreadExecutor());
    server.start();
  }

  public static RegistryGate before(String registryUrl) throws IOException {
    return new RegistryGate(registryUrl);
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + registry.path();
  }

  /** Breaks each connection without an answer. */
  public void shut() {
    way =
        exchange -> {
          turnedAway.incrementAndGet();
          exchange.close();
        };
  }

  /** Answers as a proxy that stands in the way. */
  void answer(int status, String body) {
    way =
        exchange -> {
          turnedAway.incrementAndGet();
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        };
  }

  /** Leads to another registry. */
  void leadTo(String registryUrl) {
    RegistryForward other = new RegistryForward(registryUrl);
    way =
        exchange -> {
          other.pass(exchange);
          misled.incrementAndGet();
        };
  }

  public void reopen() {
    way = registry::pass;
  }

  /** Returns how many requests found the gate shut. */
  public int turnedAway() {
    return turnedAway.get();
  }

  /** Returns how many requests another registry has answered. */
  int misled() {
    return misled.get();
  }

  @Override
  public void close() {
    server.stop(0);
    ((ExecutorService) server.getExecutor()).shutdownNow();
  }
}

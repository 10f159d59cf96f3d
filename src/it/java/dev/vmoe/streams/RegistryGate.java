package dev.vmoe.streams;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.vmoe.event.RegistryForward;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/** An address in front of a registry that can be shut, as if the registry were down. */
public final class RegistryGate implements AutoCloseable {

  private final HttpServer server;
  private final RegistryForward registry;
  private volatile boolean shut;
  private volatile int turnedAway;

  private RegistryGate(String registryUrl) throws IOException {
    registry = new RegistryForward(registryUrl);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::pass);
    server.setExecutor(Executors.newSingleThreadExecutor());
    server.start();
  }

  public static RegistryGate before(String registryUrl) throws IOException {
    return new RegistryGate(registryUrl);
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + registry.path();
  }

  public void shut() {
    shut = true;
  }

  public void reopen() {
    shut = false;
  }

  /** Returns how many requests found the gate shut. */
  public int turnedAway() {
    return turnedAway;
  }

  private void pass(HttpExchange exchange) throws IOException {
    if (shut) {
      turnedAway++;
      exchange.close(); // the connection breaks without an answer
    } else {
      registry.pass(exchange);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    ((java.util.concurrent.ExecutorService) server.getExecutor()).shutdownNow();
  }
}

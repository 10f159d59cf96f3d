package dev.vmoe.lab.bench;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A collector that takes spans over OTLP/HTTP and forgets them. */
final class OtlpSink implements AutoCloseable {

  private final HttpServer server;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(task -> new Thread(task, "otlp-sink"));

  /** Starts to listen on loopback. */
  OtlpSink() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(thread);
    server.createContext(
        "/v1/traces",
        exchange -> {
          exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
          exchange.getResponseHeaders().add("Content-Type", "application/x-protobuf");
          exchange.sendResponseHeaders(200, -1); // no bytes are an answer without complaints
          exchange.close();
        });
    server.start();
  }

  /** Returns where it listens. */
  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    thread.shutdownNow();
  }
}

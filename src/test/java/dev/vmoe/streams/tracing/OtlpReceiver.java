package dev.vmoe.streams.tracing;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A collector: takes OTLP over HTTP and keeps the spans. It can refuse them, and be slow. */
public final class OtlpReceiver implements AutoCloseable {

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Span> spans = new ArrayList<>();
  private final List<Resource> resources = new ArrayList<>();
  private final AtomicInteger requests = new AtomicInteger();
  private volatile int status = 200;
  private volatile CountDownLatch held = new CountDownLatch(0);

  private OtlpReceiver(HttpServer server) {
    this.server = server;
  }

  /** Starts to listen on loopback. */
  public static OtlpReceiver start() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    OtlpReceiver receiver = new OtlpReceiver(server);
    server.createContext("/v1/traces", receiver::take);
    server.setExecutor(receiver.threads);
    server.start();
    return receiver;
  }

  private void take(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    byte[] body = exchange.getRequestBody().readAllBytes();
    try {
      held.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (status == 200) {
      add(ExportTraceServiceRequest.parseFrom(body));
    }
    byte[] answer = ExportTraceServiceResponse.getDefaultInstance().toByteArray();
    exchange.getResponseHeaders().add("Content-Type", "application/x-protobuf");
    exchange.sendResponseHeaders(status, answer.length == 0 ? -1 : answer.length);
    exchange.close();
  }

  private synchronized void add(ExportTraceServiceRequest request) {
    request
        .getResourceSpansList()
        .forEach(
            ofResource -> {
              resources.add(ofResource.getResource());
              ofResource
                  .getScopeSpansList()
                  .forEach(ofScope -> spans.addAll(ofScope.getSpansList()));
            });
  }

  /** Returns where it listens. */
  public String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Answers with this status from now on. */
  public void answer(int newStatus) {
    status = newStatus;
  }

  /** Answers nothing until the latch is released. */
  public CountDownLatch hold() {
    CountDownLatch latch = new CountDownLatch(1);
    held = latch;
    return latch;
  }

  /** Returns how often something was sent. */
  public int requests() {
    return requests.get();
  }

  /** Returns all spans so far. */
  public synchronized List<Span> spans() {
    return List.copyOf(spans);
  }

  /** Returns the spans with this name. */
  public List<Span> spans(String name) {
    return spans().stream().filter(span -> span.getName().equals(name)).toList();
  }

  /** Returns the resources of all requests so far. */
  public synchronized List<Resource> resources() {
    return List.copyOf(resources);
  }

  /** Returns an id as a header has it. */
  public static String hex(ByteString id) {
    return HexFormat.of().formatHex(id.toByteArray());
  }

  /** Returns an attribute's value; of no kind where there is none. */
  public static AnyValue attribute(Span span, String name) {
    return attribute(span.getAttributesList(), name);
  }

  /** Returns an attribute's value; of no kind where there is none. */
  public static AnyValue attribute(List<KeyValue> attributes, String name) {
    return attributes.stream()
        .filter(attribute -> attribute.getKey().equals(name))
        .map(KeyValue::getValue)
        .findFirst()
        .orElse(AnyValue.getDefaultInstance());
  }

  @Override
  public void close() {
    held.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}

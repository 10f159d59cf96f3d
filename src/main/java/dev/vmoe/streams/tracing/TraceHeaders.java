package dev.vmoe.streams.tracing;

import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** W3C trace context in a record's headers; malformed headers count as absent. */
final class TraceHeaders {

  static final String TRACEPARENT = "traceparent";
  static final String TRACESTATE = "tracestate";

  private TraceHeaders() {}

  /** Returns the context that the headers name; without a span if they name none. */
  static Context read(Headers headers) {
    return W3CTraceContextPropagator.getInstance()
        .extract(Context.root(), headers, Getter.INSTANCE);
  }

  /**
   * Replaces the span that the headers name. The vendors' state stays unchanged, unless it belongs
   * to another trace.
   *
   * @param newTrace whether the span's trace differs from the one that the headers name
   */
  static void write(Context span, boolean newTrace, Headers headers) {
    if (newTrace) {
      headers.remove(TRACESTATE);
    }
    W3CTraceContextPropagator.getInstance()
        .inject(
            span,
            headers,
            (carrier, name, value) -> {
              if (carrier != null && name.equals(TRACEPARENT)) {
                carrier.remove(name);
                carrier.add(name, value.getBytes(StandardCharsets.US_ASCII));
              }
            });
  }

  private enum Getter implements TextMapGetter<Headers> {
    INSTANCE;

    @Override
    public Iterable<String> keys(Headers headers) {
      List<String> keys = new ArrayList<>();
      headers.forEach(header -> keys.add(header.key()));
      return keys;
    }

    @Override
    public @Nullable String get(@Nullable Headers headers, String name) {
      Header header = headers == null ? null : headers.lastHeader(name);
      return header == null || header.value() == null
          ? null
          : new String(header.value(), StandardCharsets.UTF_8);
    }
  }
}

package dev.vmoe.tracing;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingResult;
import java.util.List;

/**
 * Samples a span that begins a trace of its own with links, a micro-batch's, if any span that it is
 * linked to is sampled; leaves all others to another sampler.
 */
record LinkedSampler(Sampler others) implements Sampler {

  @Override
  public SamplingResult shouldSample(
      Context parent,
      String traceId,
      String name,
      SpanKind kind,
      Attributes attributes,
      List<LinkData> links) {
    if (links.isEmpty() || Span.fromContext(parent).getSpanContext().isValid()) {
      return others.shouldSample(parent, traceId, name, kind, attributes, links);
    }
    return links.stream().anyMatch(link -> link.getSpanContext().isSampled())
        ? SamplingResult.recordAndSample()
        : SamplingResult.drop();
  }

  @Override
  public String getDescription() {
    return "LinkedSampler{" + others.getDescription() + "}";
  }
}

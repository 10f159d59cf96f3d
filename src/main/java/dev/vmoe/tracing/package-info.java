/**
 * Traces of images, through OpenTelemetry: the trace that a producer began goes on through queue,
 * decoding and run to the prediction's headers. Takes times and texts, so that nothing of the
 * pipeline is known here.
 *
 * <pre>
 * producer's span
 *   └─ process images            ImageTrace, from reading to emission
 *        ├─ queue                from submission to the start of the run
 *        ├─ decode
 *        ├─ run ─────────link──▶ classify MODEL     one a micro-batch, a trace of its own
 *        │                         └─link──▶ process images, of each of its images
 *        └─ send predictions     named in the prediction's traceparent
 *
 * ended spans ──▶ bounded queue ──▶ OTLP over HTTP, on a thread of its own
 *                       └─ full, or nobody there: dropped and counted
 * </pre>
 */
@NullMarked
package dev.vmoe.tracing;

import org.jspecify.annotations.NullMarked;

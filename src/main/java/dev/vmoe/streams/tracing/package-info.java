/**
 * Traces of images, through OpenTelemetry: a producer's trace continues through queue, decoding and
 * run to the prediction's headers. This package takes times and texts, and so does not depend on
 * the pipeline.
 *
 * <pre>
 * producer's span
 *   └─ process images            ImageTrace, from reading to emission
 *        ├─ queue                from submission to the start of the run
 *        ├─ decode
 *        ├─ run ─────────link──▶ classify MODEL     one for each micro-batch, in its own trace
 *        │                         └─link──▶ process images, one for each of its images
 *        └─ send predictions     named by the prediction's traceparent
 *
 * ended spans ──▶ bounded queue ──▶ OTLP over HTTP, on its own thread
 *                       └─ full, or no answer: dropped and counted
 * </pre>
 */
@NullMarked
package dev.vmoe.streams.tracing;

import org.jspecify.annotations.NullMarked;

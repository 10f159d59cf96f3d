/**
 * The path of one record: from the image topic into a micro-batch and back out, exactly once.
 * {@link dev.vmoe.streams.topology.MicroBatchProcessor} does three things.
 *
 * <pre>
 * images ──▶ MicroBatchProcessor ───lane──▶ dev.vmoe.core.batch
 *            admit, or hold (Admission)           │
 *            awaitRoom                            │ whole shares,
 *            emit  ◀──────────────────────────────┘ in offset order
 *              │
 *              ├──▶ predictions          ShareEvents
 *              ├──▶ expert-utilization   ShareEvents
 *              ├──▶ images.dlq           DeadLetter
 *              └──▶ offsets              dev.vmoe.streams.commit: none beyond what was emitted
 *            all in one transaction
 *
 * each step ──▶ SafeObservers ──▶ ShareRecorder, ShareTracer, NewestImages, NewestDeadLetters
 *
 * brokers ──▶ LagMonitor ──▶ Backlog: what waits and what arrives
 * </pre>
 *
 * <p>What an observer throws changes nothing in what is emitted or committed.
 */
@NullMarked
package dev.vmoe.streams.topology;

import org.jspecify.annotations.NullMarked;

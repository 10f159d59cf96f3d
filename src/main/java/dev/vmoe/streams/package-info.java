/**
 * The Kafka Streams topology: micro-batch processor, commit guard, dead letters.
 *
 * <pre>
 * images ──▶ MicroBatchProcessor ───lane──▶ dev.vmoe.batch
 *            buffer, one a partition              │
 *            enforceConstraints                   │ whole shares,
 *            emit  ◀──────────────────────────────┘ in offset order
 *              │
 *              ├──▶ predictions          ShareEvents
 *              ├──▶ expert-utilization   ShareEvents
 *              ├──▶ images.dlq           DeadLetter
 *              └──▶ offsets              CommitGuard: none beyond what was emitted
 *            all in one transaction
 *
 * config ──▶ LiveConfiguration ──▶ LiveCapacity, limits of batches and of what is in flight
 *            ends of images ──▶ LagMonitor ──▶ LiveCapacity: a controller is told the load
 * </pre>
 */
@NullMarked
package dev.vmoe.streams;

import org.jspecify.annotations.NullMarked;

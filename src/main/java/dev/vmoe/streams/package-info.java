/**
 * The Kafka Streams topology: micro-batch processor, commit guard, dead letters; and beside it the
 * routing profile.
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
 * config ──▶ LiveConfiguration ──▶ ServedModels: model, limits and LiveCapacity of the next batch
 *            ends of images ──▶ LagMonitor ──▶ LiveCapacity: a controller is told the load
 *
 * expert-utilization ──▶ RoutingProfileStream ──▶ routing-profile: sums by model and class
 * </pre>
 */
@NullMarked
package dev.vmoe.streams;

import org.jspecify.annotations.NullMarked;

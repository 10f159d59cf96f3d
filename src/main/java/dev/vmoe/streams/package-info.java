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
 * </pre>
 */
@NullMarked
package dev.vmoe.streams;

import org.jspecify.annotations.NullMarked;

/**
 * The path of one record: from the image topic into a micro-batch and back out, exactly once.
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

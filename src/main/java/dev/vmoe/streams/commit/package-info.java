/**
 * What may go on to the micro-batcher, and what may be committed: the promise of exactly once where
 * micro-batches keep records back.
 *
 * <pre>
 * record ──▶ PartitionQueue of InFlightRecords: HELD, FETCHING ─▶ BATCHED ─▶ ANSWERED ─▶ emitted
 *              ▲                  │                           ▲
 *              │ first            │ first held                │ Admit, Wait, Refuse
 *              │                  └──▶ Admission ─────────────┘
 *              │                           └── Suspects: who ended over which images
 * Kafka Streams ──offsets──▶ CommitGuard ──▶ transaction: none beyond what was emitted,
 *                                │            each with an OffsetNote for the next owner
 *                                ├── StreamThreadState: wait budget, answers not yet committed
 *                                └── AbandonedTransactions: what killed owners left open
 * </pre>
 */
@NullMarked
package dev.vmoe.streams.commit;

import org.jspecify.annotations.NullMarked;

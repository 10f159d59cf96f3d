/**
 * What may be committed, and what must not go on before it is: the promise of exactly once where
 * micro-batches keep records back.
 *
 * <pre>
 * Kafka Streams ──offsets──▶ CommitGuard ──▶ transaction: none beyond what was emitted,
 *                                │            each with an OffsetNote for the next owner
 *                                ├── PendingOffsets: what was taken in and not yet emitted
 *                                ├── Suspects: who ended over which images
 *                                ├── AbandonedTransactions: what killed owners left open
 *                                └── HeldPartitions: of which nothing is fetched
 * </pre>
 */
@NullMarked
package dev.vmoe.streams.commit;

import org.jspecify.annotations.NullMarked;

/**
 * What may go on to the micro-batcher, and what may be committed: the promise of exactly once where
 * micro-batches keep records back.
 *
 * <pre>
 * record ──▶ PartitionQueue of QueuedRecords: HELD ──────▶ BATCHED ─▶ ANSWERED ─▶ emitted
 *                                ▲              │     ▲
 *                                │ first        │     │ Admit, Wait, Refuse
 *                                │ not emitted  ▼     │
 *                                │            Admission ── Suspects: who ended over which images
 * Kafka Streams ──offsets──▶ CommitGuard ──▶ transaction: none beyond what was emitted,
 *                                │            each with an OffsetNote for the next owner
 *                                ├── StreamThreadState: wait budget, answers not yet committed
 *                                └── AbandonedTransactions: what killed owners left open
 * </pre>
 *
 * <p>Why no image is lost or answered twice:
 *
 * <ol>
 *   <li><b>Add first.</b> {@code process} adds a record to the queue of its partition before
 *       anything else happens to it. Streams counts the record as processed when that returns.
 *   <li><b>Remove last.</b> A record leaves the queue after its whole share was forwarded, so the
 *       head of the queue is the first offset without an answer.
 *   <li><b>Lower the offset.</b> Streams wants to commit what it has processed. {@link
 *       dev.vmoe.streams.commit.CommitGuard#guarded} lowers that to the head, in {@code
 *       GuardedProducer}. Where there is no queue the offset stays: Streams commits a partition
 *       before it closes its processor.
 *   <li><b>One transaction.</b> Under exactly_once_v2 answers and offsets become visible together,
 *       or neither does.
 *   <li><b>Drop on close.</b> A processor that is closed forgets what it has in flight, also in the
 *       micro-batcher. The next owner reads from the committed offset, so it reads all of that
 *       again.
 *   <li><b>Take back on failure.</b> Where {@code process} throws, Streams does not count the
 *       record, so the queue gives it up. It may already be in the micro-batcher, and its fetch
 *       counts as taken: that does no harm, since the task is always closed then. Settings refuse
 *       handlers that would go on.
 * </ol>
 *
 * <p>What 3 and 6 rely on in Kafka Streams is in {@link dev.vmoe.streams.commit.KafkaInternals}.
 */
@NullMarked
package dev.vmoe.streams.commit;

import org.jspecify.annotations.NullMarked;

package dev.vmoe.commit;

import dev.vmoe.settings.DaemonThread;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTransactionsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the transactions that killed instances left open.
 *
 * <p>The brokers do so 10 to 20 s after such a transaction began. Until then nobody may read the
 * offsets that were being committed, and a {@code read_committed} client sees nothing that was
 * written behind the answers in it. So whoever takes a partition over asks, by the {@link
 * ProducerNote} left there, for a transaction whose group member is gone. Its group would refuse
 * any offset of it: the transaction can only be rolled back.
 *
 * <p>The producer may live all the same, as another member since, and have begun anew. So a
 * transaction is ended only if it is the same one after a while ({@code Admin#fenceProducers},
 * KIP-618; {@code Admin#describeTransactions}, KIP-664).
 */
public final class AbandonedTransactions implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(AbandonedTransactions.class);

  private final Supplier<Admin> admins;
  private final String group;
  private final Duration minOpen;
  private final CountDownLatch closed = new CountDownLatch(1);

  /** What is to be looked at next; guarded by this. */
  private Set<ProducerNote> left = new HashSet<>();

  private Set<TopicPartition> unreadable = new HashSet<>();
  private boolean looking;

  /** An open transaction; another one of the same producer is not equal. */
  private record Open(long producerId, int epoch, OptionalLong startMs) {}

  /**
   * Creates it; nothing is asked yet.
   *
   * @param admins connects to the brokers
   * @param group consumer group of the images
   * @param minOpen how long a transaction must be seen open; longer than from commit to commit
   */
  public AbandonedTransactions(Supplier<Admin> admins, String group, Duration minOpen) {
    this.admins = admins;
    this.group = group;
    this.minOpen = minOpen;
  }

  /** Looks at what was left with offsets of partitions that are taken over; returns at once. */
  void leftBy(Collection<ProducerNote> notes) {
    add(notes, Set.of());
  }

  /** Looks at partitions whose committed offsets nobody may read; returns at once. */
  void unreadable(Set<TopicPartition> partitions) {
    add(List.of(), partitions);
  }

  private synchronized void add(Collection<ProducerNote> notes, Set<TopicPartition> partitions) {
    left.addAll(notes);
    unreadable.addAll(partitions);
    if (!looking && somethingLeft()) {
      looking = true;
      DaemonThread.start(this::look, "vmoe-transactions");
    }
  }

  private boolean somethingLeft() {
    return closed.getCount() > 0 && !(left.isEmpty() && unreadable.isEmpty());
  }

  /** Looks until nothing is left to look at. */
  private void look() {
    try (Admin admin = admins.get()) {
      Set<ProducerNote> notes = new HashSet<>();
      Set<TopicPartition> partitions = new HashSet<>();
      while (take(notes, partitions)) {
        try {
          notes.addAll(notes(admin, partitions));
          end(admin, notes);
        } catch (ExecutionException e) {
          log.warn("open transactions stay until their time-out: {}", String.valueOf(e.getCause()));
        }
      }
    } catch (InterruptedException | RuntimeException e) {
      synchronized (this) {
        looking = false;
      }
      log.warn("open transactions stay until their time-out: {}", e.toString());
    }
  }

  private synchronized boolean take(Set<ProducerNote> notes, Set<TopicPartition> partitions) {
    notes.clear();
    partitions.clear();
    looking = somethingLeft();
    if (looking) {
      notes.addAll(left);
      partitions.addAll(unreadable);
      left = new HashSet<>();
      unreadable = new HashSet<>();
    }
    return looking;
  }

  /** Returns the notes of the offsets committed last: others may be on their way. */
  private Set<ProducerNote> notes(Admin admin, Set<TopicPartition> partitions)
      throws ExecutionException, InterruptedException {
    if (partitions.isEmpty()) {
      return Set.of();
    }
    return admin
        .listConsumerGroupOffsets(
            Map.of(group, new ListConsumerGroupOffsetsSpec().topicPartitions(partitions)))
        .partitionsToOffsetAndMetadata(group)
        .get()
        .values()
        .stream()
        .filter(Objects::nonNull)
        .flatMap(offset -> ProducerNote.in(offset).stream())
        .collect(Collectors.toSet());
  }

  private void end(Admin admin, Set<ProducerNote> notes)
      throws ExecutionException, InterruptedException {
    Set<String> members = notes.isEmpty() ? Set.of() : members(admin);
    Set<String> gone =
        notes.stream()
            .filter(note -> !members.contains(note.member()))
            .map(ProducerNote::transactionalId)
            .collect(Collectors.toSet());
    Map<String, Open> open = open(admin, gone);
    if (open.isEmpty() || closed.await(minOpen.toMillis(), TimeUnit.MILLISECONDS)) {
      return;
    }
    open.entrySet().retainAll(open(admin, open.keySet()).entrySet());
    if (!open.isEmpty()) {
      admin.fenceProducers(open.keySet()).all().get();
      log.info("rolled back the open transactions of producers that are gone: {}", open.keySet());
    }
  }

  private Set<String> members(Admin admin) throws ExecutionException, InterruptedException {
    return admin
        .describeConsumerGroups(List.of(group))
        .describedGroups()
        .values()
        .iterator()
        .next()
        .get()
        .members()
        .stream()
        .map(MemberDescription::consumerId)
        .collect(Collectors.toSet());
  }

  private static Map<String, Open> open(Admin admin, Set<String> transactionalIds)
      throws ExecutionException, InterruptedException {
    Map<String, Open> open = new HashMap<>();
    if (transactionalIds.isEmpty()) {
      return open;
    }
    DescribeTransactionsResult all = admin.describeTransactions(transactionalIds);
    for (String id : transactionalIds) {
      try {
        TransactionDescription its = all.description(id).get();
        if (its.state() == TransactionState.ONGOING) {
          open.put(
              id, new Open(its.producerId(), its.producerEpoch(), its.transactionStartTimeMs()));
        }
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof TransactionalIdNotFoundException)) { // long forgotten
          throw e;
        }
      }
    }
    return open;
  }

  /** Looks no more. */
  @Override
  public void close() {
    closed.countDown();
  }
}

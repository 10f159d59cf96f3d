package dev.vmoe.streams.commit;

import dev.vmoe.streams.settings.DaemonThread;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTransactionsResult;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the transactions that killed instances left open.
 *
 * <p>The brokers do so 10 to 20 s after such a transaction began. Until then nobody may read the
 * offsets that were being committed, and a {@code read_committed} client sees no record after the
 * first open answer of a partition. So whenever partitions are taken over, the brokers are asked
 * which transactions of the application have been open for at least {@code minOpen} (KIP-994).
 * Those of members of the group are left alone: they wait for something. Any other is ended if it
 * is still the same a second later ({@code Admin#fenceProducers}, KIP-618). The brokers handle that
 * and a commit one after the other, so either all of the transaction counts or nothing.
 */
public final class AbandonedTransactions implements AutoCloseable {

  /** Several times of what a commit usually takes. */
  private static final Duration STILL_OPEN = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(AbandonedTransactions.class);

  private final Supplier<Admin> admins;
  private final String applicationId;
  private final Duration minOpen;
  private final ScheduledExecutorService checks =
      Executors.newSingleThreadScheduledExecutor(
          task -> DaemonThread.of(task, "vmoe-transactions"));

  /** Whether a check is queued that has not begun. */
  private final AtomicBoolean queued = new AtomicBoolean();

  /** The check after {@code minOpen}; guarded by this. */
  private @Nullable Future<?> later;

  /** Whether the last check failed; only the first failure is logged. */
  private volatile boolean failed;

  /** An open transaction; another one of the same producer is not equal. */
  private record Open(long producerId, int epoch, OptionalLong startMs) {}

  /**
   * Creates it; nothing is asked yet.
   *
   * @param admins connects to the brokers
   * @param applicationId of Kafka Streams, after which the group and the transactional ids are
   *     named
   * @param minOpen how long a transaction must have been open; longer than from commit to commit
   */
  public AbandonedTransactions(Supplier<Admin> admins, String applicationId, Duration minOpen) {
    this.admins = admins;
    this.applicationId = applicationId;
    this.minOpen = minOpen;
  }

  /**
   * Checks now, and after {@code minOpen} for those that are not open for that long, or cannot be
   * asked about. Returns at once.
   */
  synchronized void look() {
    if (checks.isShutdown()) {
      return;
    }
    if (queued.compareAndSet(false, true)) {
      checks.execute(this::check);
    }
    if (later != null) {
      later.cancel(false);
    }
    later = checks.schedule(this::check, minOpen.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void check() {
    queued.set(false);
    try (Admin admin = admins.get()) {
      end(admin);
      failed = false;
    } catch (ExecutionException e) {
      failed(Objects.requireNonNullElse(e.getCause(), e));
    } catch (InterruptedException | RuntimeException e) {
      failed(e);
    }
  }

  private void failed(Throwable reason) {
    if (!failed && !checks.isShutdown()) {
      log.warn(
          "could not look for transactions that killed instances left open; the brokers end them"
              + " after their time-out: {}",
          String.valueOf(reason));
    }
    failed = true;
  }

  private void end(Admin admin) throws ExecutionException, InterruptedException {
    Set<String> ids = openForLong(admin);
    if (!ids.isEmpty()) {
      ids.removeAll(ofMembers(admin));
    }
    Map<String, Open> open = open(admin, ids);
    if (open.isEmpty()) {
      return;
    }
    Thread.sleep(STILL_OPEN.toMillis());
    open.entrySet().retainAll(open(admin, open.keySet()).entrySet());
    if (!open.isEmpty()) {
      admin.fenceProducers(open.keySet()).all().get();
      log.info("ended the open transactions of producers that are gone: {}", open.keySet());
    }
  }

  private Set<String> openForLong(Admin admin) throws ExecutionException, InterruptedException {
    return admin
        .listTransactions(
            new ListTransactionsOptions()
                .filterStates(Set.of(TransactionState.ONGOING))
                .filterOnDuration(minOpen.toMillis()))
        .all()
        .get()
        .stream()
        .map(TransactionListing::transactionalId)
        .filter(id -> KafkaInternals.isProducerOf(applicationId, id))
        .collect(Collectors.toSet());
  }

  /**
   * Returns the transactional ids of the group's members: by their client id, and where that is set
   * to another, by what they have committed.
   */
  private Set<String> ofMembers(Admin admin) throws ExecutionException, InterruptedException {
    Collection<MemberDescription> members =
        Objects.requireNonNull(
                admin
                    .describeConsumerGroups(List.of(applicationId))
                    .describedGroups()
                    .get(applicationId))
            .get()
            .members();
    Set<String> ids = new HashSet<>();
    for (MemberDescription member : members) {
      KafkaInternals.producerBeside(applicationId, member.clientId()).ifPresent(ids::add);
    }
    admin
        .listConsumerGroupOffsets(applicationId)
        .partitionsToOffsetAndMetadata()
        .get()
        .values()
        .stream()
        .filter(Objects::nonNull)
        .map(offset -> OffsetNote.in(offset.metadata()).committer())
        .filter(Objects::nonNull)
        .filter(by -> members.stream().anyMatch(it -> by.is(it.consumerId())))
        .forEach(by -> ids.add(by.transactionalId()));
    return ids;
  }

  private static Map<String, Open> open(Admin admin, Collection<String> transactionalIds)
      throws ExecutionException, InterruptedException {
    Map<String, Open> open = new HashMap<>();
    if (!transactionalIds.isEmpty()) {
      DescribeTransactionsResult all = admin.describeTransactions(transactionalIds);
      for (String id : transactionalIds) {
        TransactionDescription its = all.description(id).get();
        if (its.state() == TransactionState.ONGOING) {
          open.put(
              id, new Open(its.producerId(), its.producerEpoch(), its.transactionStartTimeMs()));
        }
      }
    }
    return open;
  }

  /** Checks no more. */
  @Override
  public synchronized void close() {
    checks.shutdownNow();
  }
}

package dev.vmoe.commit;

import dev.vmoe.settings.DaemonThread;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTransactionsResult;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the transactions that killed instances left open.
 *
 * <p>The brokers do so 10 to 20 s after such a transaction began. Until then nobody may read the
 * offsets that were being committed, and a {@code read_committed} client sees nothing that was
 * written behind the answers in it. So whenever partitions are taken over, the brokers are asked
 * for transactions of the application that have been open for long (KIP-994). Those of members of
 * the group are left alone, by their {@link ProducerNote}s: they wait for something. Any other is
 * rolled back if it is still the same a second later ({@code Admin#fenceProducers}, KIP-618). The
 * brokers put that and a commit in an order, so either all of the transaction counts or nothing.
 */
public final class AbandonedTransactions implements AutoCloseable {

  /** Several times of what a commit takes. */
  private static final Duration STILL_OPEN = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(AbandonedTransactions.class);

  private final Supplier<Admin> admins;
  private final String group;
  private final Pattern ours;
  private final Duration minOpen;
  private final CountDownLatch closed = new CountDownLatch(1);

  /** Guarded by this. */
  private boolean looking;

  private boolean again;

  /** Whether the last look failed: only the first failure is logged. */
  private volatile boolean failed;

  /** An open transaction; another one of the same producer is not equal. */
  private record Open(long producerId, int epoch, OptionalLong startMs) {}

  /**
   * Creates it; nothing is asked yet.
   *
   * @param admins connects to the brokers
   * @param applicationId of Kafka Streams, which the group and the transactional ids are named by
   * @param minOpen how long a transaction must have been open: longer than one between two commits,
   *     and less than it takes a group to miss a member
   */
  public AbandonedTransactions(Supplier<Admin> admins, String applicationId, Duration minOpen) {
    this.admins = admins;
    this.group = applicationId;
    this.ours = Pattern.compile(Pattern.quote(applicationId) + "-[0-9a-f-]{36}-\\d+");
    this.minOpen = minOpen;
  }

  /** Looks for such transactions, beside; returns at once. */
  synchronized void look() {
    again = true;
    if (!looking && closed.getCount() > 0) {
      looking = true;
      DaemonThread.start(this::lookOnAndOn, "vmoe-transactions");
    }
  }

  /** Looks until nobody has asked since. Where it fails, the next who asks has a new chance. */
  private void lookOnAndOn() {
    try (Admin admin = admins.get()) {
      while (isAsked()) {
        end(admin);
        failed = false;
      }
    } catch (InterruptedException | ExecutionException | RuntimeException e) {
      if (!failed) {
        log.warn(
            "could not look for transactions that killed instances left open; the brokers end them"
                + " after their time-out: {}",
            String.valueOf(e.getCause() == null ? e : e.getCause()));
      }
      failed = true;
    } finally {
      stopped();
    }
  }

  private synchronized void stopped() {
    looking = false;
  }

  private synchronized boolean isAsked() {
    looking = again && closed.getCount() > 0;
    again = false;
    return looking;
  }

  private void end(Admin admin) throws ExecutionException, InterruptedException {
    Set<String> ids = openForLong(admin);
    if (!ids.isEmpty()) {
      ids.removeAll(ofMembers(admin));
    }
    Map<String, Open> open = open(admin, ids);
    if (open.isEmpty() || closed.await(STILL_OPEN.toMillis(), TimeUnit.MILLISECONDS)) {
      return;
    }
    open.entrySet().retainAll(open(admin, open.keySet()).entrySet());
    if (!open.isEmpty()) {
      admin.fenceProducers(open.keySet()).all().get();
      log.info("rolled back the open transactions of producers that are gone: {}", open.keySet());
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
        .filter(id -> ours.matcher(id).matches())
        .collect(Collectors.toSet());
  }

  /** Returns the transactional ids of those members of the group that have committed something. */
  private Set<String> ofMembers(Admin admin) throws ExecutionException, InterruptedException {
    Set<String> members =
        admin
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
    return admin
        .listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get()
        .values()
        .stream()
        .filter(Objects::nonNull)
        .flatMap(offset -> ProducerNote.in(offset.metadata()).stream())
        .filter(note -> members.contains(note.member()))
        .map(ProducerNote::transactionalId)
        .collect(Collectors.toSet());
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

  /** Looks no more. */
  @Override
  public void close() {
    closed.countDown();
  }
}

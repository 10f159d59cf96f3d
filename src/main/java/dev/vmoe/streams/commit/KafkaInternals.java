package dev.vmoe.streams.commit;

import java.util.Optional;
import java.util.Properties;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.KafkaClientSupplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;

/**
 * All that this program relies on although Kafka does not promise it. {@code KafkaInternalsTest}
 * and {@code AbandonedTransactionsIT} fail where a version of Kafka changes names or the clock;
 * {@code ExactlyOnceIT} misses answers where it closes before it commits.
 *
 * <ul>
 *   <li>Transactional ids of Kafka Streams: {@code <application.id>-<process>-<thread>}, where a
 *       process is a random UUID. By them {@link AbandonedTransactions} knows the producers of its
 *       own application, and no others.
 *   <li>Client ids of its consumers, unless {@code client.id} is set: {@code
 *       <application.id>-<process>-StreamThread-<thread>-consumer}. By them it knows which producer
 *       a member of the group has, even before that commits.
 *   <li>Member ids that brokers give in the classic group protocol: {@code <client id>-<UUID>}. By
 *       them it knows that a producer's member is still there, whatever its client id.
 *   <li>{@link Time}: the constructor of Kafka Streams that takes one is public, the interface is
 *       not. Without it, Kafka Streams stands still while the system clock steps back.
 *   <li>Commit, then close: Kafka Streams commits a partition before it closes its processor, or
 *       does not commit it at all ({@code TaskManager}: {@code handleRevocation}, {@code
 *       tryCloseCleanActiveTasks}). {@link CommitGuard} relies on it where there is no queue.
 *   <li>A task whose processor throws is closed, and its transaction is aborted. The processor
 *       relies on it when it takes a record back.
 * </ul>
 *
 * <p>If names change, transactions of killed instances stay open until the brokers' time-out, and
 * nothing else happens: what is not recognized is left alone.
 */
public final class KafkaInternals {

  private static final String UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

  /** Client ids may be anything, so only the end counts. */
  private static final Pattern MEMBER = Pattern.compile("-(" + UUID + ")$");

  private KafkaInternals() {}

  /**
   * Returns whether a transactional id is one that Kafka Streams gives a producer of this
   * application. Ids of an application whose name only begins alike are longer by a UUID.
   */
  static boolean isProducerOf(String applicationId, String transactionalId) {
    return transactionalId.matches(process(applicationId) + "-\\d+");
  }

  /**
   * Returns the transactional id of the producer beside a consumer of this application; empty where
   * its client id does not tell.
   */
  static Optional<String> producerBeside(String applicationId, String clientId) {
    Matcher client =
        Pattern.compile("(" + process(applicationId) + ")-StreamThread-(\\d+)-consumer")
            .matcher(clientId);
    return client.matches()
        ? Optional.of(client.group(1) + "-" + client.group(2))
        : Optional.empty();
  }

  private static String process(String applicationId) {
    return Pattern.quote(applicationId) + "-" + UUID;
  }

  /** Returns the UUID at the end of the id of a member of a group; empty if it has none. */
  static String memberUuid(String memberId) {
    Matcher id = MEMBER.matcher(memberId);
    return id.find() ? id.group(1) : "";
  }

  /**
   * Returns Kafka Streams that punctuates and commits by another clock than the system's.
   *
   * @param millis milliseconds since 1970
   * @param nanos nanoseconds since any time
   */
  public static KafkaStreams streams(
      Topology topology,
      StreamsConfig config,
      KafkaClientSupplier clients,
      LongSupplier millis,
      LongSupplier nanos) {
    Properties properties = new Properties(); // a configuration would exclude a clock
    properties.putAll(config.originals());
    return new KafkaStreams(topology, properties, clients, new Clock(millis, nanos));
  }

  /** A clock of Kafka. */
  record Clock(LongSupplier millis, LongSupplier nanos) implements Time {

    @Override
    public long milliseconds() {
      return millis.getAsLong();
    }

    @Override
    public long nanoseconds() {
      return nanos.getAsLong();
    }

    @Override
    public void sleep(long ms) {
      Time.SYSTEM.sleep(ms);
    }

    @Override
    public void waitObject(Object object, Supplier<Boolean> condition, long deadlineMs)
        throws InterruptedException {
      synchronized (object) {
        while (!condition.get()) {
          long leftMs = deadlineMs - milliseconds();
          if (leftMs <= 0) {
            throw new TimeoutException("the condition was not met before the deadline");
          }
          object.wait(leftMs);
        }
      }
    }
  }
}

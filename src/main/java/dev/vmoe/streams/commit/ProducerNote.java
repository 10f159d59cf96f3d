package dev.vmoe.streams.commit;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;

/**
 * Who commits an offset, left with it: while that member is in the group, {@link
 * AbandonedTransactions} leaves the transactions of its producer alone.
 *
 * <p>It stands before the {@link OwnerNote} in the offset's metadata: {@code
 * AgAAAZq…|producer,vmoe-6e393a12-f8aa-4951-b6ed-175b51afdd12-1,8c1f90d4-…}.
 *
 * @param transactionalId of the producer
 * @param member the UUID at the end of its id in the consumer group; empty if it has none
 */
public record ProducerNote(String transactionalId, String member) {

  /** Brokers make member ids of a client id, which may be anything, and a UUID. */
  private static final Pattern MEMBER = Pattern.compile("-([0-9a-f-]{36})$");

  private static final Pattern NOTE =
      Pattern.compile("\\|producer,([\\w.-]{1,300}),([0-9a-f-]{36})(?=\\||$)");

  /** Returns the note of a producer that commits for a member of a group. */
  public static ProducerNote of(String transactionalId, ConsumerGroupMetadata member) {
    Matcher id = MEMBER.matcher(member.memberId());
    return new ProducerNote(transactionalId, id.find() ? id.group(1) : "");
  }

  /** Returns whether it is of the member with this id. */
  boolean isOf(String memberId) {
    return memberId.endsWith("-" + member);
  }

  /** Returns the note in an offset's metadata, if there is one. */
  static Optional<ProducerNote> in(String metadata) {
    Matcher note = NOTE.matcher(metadata);
    return note.find()
        ? Optional.of(new ProducerNote(note.group(1), note.group(2)))
        : Optional.empty();
  }

  /** Returns an offset's metadata without the note. */
  static String without(String metadata) {
    return NOTE.matcher(metadata).replaceFirst("");
  }

  /** Returns metadata that has no note with this one, if it can be read again. */
  String behind(String metadata) {
    String note = "|producer," + transactionalId + "," + member;
    return NOTE.matcher(note).matches() ? metadata + note : metadata;
  }
}

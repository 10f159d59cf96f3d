package dev.vmoe.commit;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;

/**
 * Who commits an offset, left with it: while that member is in the group, {@link
 * AbandonedTransactions} leaves the transactions of its producer alone.
 *
 * <p>It stands before the {@link OwnerNote} in the offset's metadata: {@code
 * AgAAAZq…|producer,vmoe-6e39…-1,vmoe-6e39…-StreamThread-1-consumer-8c1f…}.
 *
 * @param transactionalId of the producer
 * @param member id in the consumer group
 */
public record ProducerNote(String transactionalId, String member) {

  /** Metadata may have 4,096 bytes by the brokers' default; {@link SchemaNote} takes the most. */
  private static final int MAX_LENGTH = 800;

  private static final Pattern NOTE =
      Pattern.compile("\\|producer,([!-~&&[^|,]]+),([!-~&&[^|,]]+)(?=\\||$)");

  /** Returns the note of a producer that commits for a member of a group. */
  public static ProducerNote of(String transactionalId, ConsumerGroupMetadata member) {
    return new ProducerNote(transactionalId, member.memberId());
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

  /** Returns metadata that has no note with this one, unless it would not be found again. */
  String behind(String metadata) {
    String note = "|producer," + transactionalId + "," + member;
    return note.length() <= MAX_LENGTH && NOTE.matcher(note).matches() ? metadata + note : metadata;
  }
}

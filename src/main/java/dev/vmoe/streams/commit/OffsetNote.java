package dev.vmoe.streams.commit;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.jspecify.annotations.Nullable;

/**
 * What an instance leaves for the next one with each offset that it commits. It stands behind what
 * Kafka Streams has in the offset's metadata:
 *
 * <pre>
 * AgAAAZq=|vmoe1;owner=3f2a9c1e,BUSY,1,-1,0;producer=vmoe-6e39…-1,8c1f90d4-…;schemas=9f04c1aa,30be1c7d2f9a4e55=3
 * </pre>
 *
 * <p>Each part may be missing. A note of a later version is taken off, but not read. Before this
 * form, each part was a note of its own; those are still read.
 *
 * @param owner what the owner of the partition was working on
 * @param committer who committed the offset; null where that is unknown
 * @param schemas ids of the application's schemas
 */
public record OffsetNote(Owner owner, @Nullable Committer committer, SchemaIds schemas) {

  /** Maximum bytes of an offset's metadata, by the brokers' default. */
  static final int MAX_BYTES = 4096;

  /** In place of an offset, where there is none. */
  static final long NONE = -1;

  private static final String OWNER =
      "(?<owner>[0-9a-f]{8}),(?<work>IDLE|BUSY|ALONE),(?<deaths>\\d{1,9}),(?<suspect>-1|\\d{1,18}),(?<alone>\\d{1,9})";

  private static final String COMMITTER = "(?<producer>[\\w.-]{1,300}),(?<member>[0-9a-f-]{36})";

  private static final String SCHEMAS =
      "(?<registry>[0-9a-f]{8})(?<ids>(?:,[0-9a-f]{16}=\\d{1,10})+)";

  private static final Pattern NOTE =
      Pattern.compile(
          "\\|vmoe1(?:;owner=%s)?(?:;producer=%s)?(?:;schemas=%s)?$"
              .formatted(OWNER, COMMITTER, SCHEMAS));

  private static final Pattern OLD_OWNER = Pattern.compile("\\|" + OWNER + "$");

  private static final Pattern OLD_COMMITTER =
      Pattern.compile("\\|producer," + COMMITTER + "(?=\\||$)");

  private static final Pattern OLD_SCHEMAS = Pattern.compile("\\|schemas," + SCHEMAS + "(?=\\||$)");

  private static final List<Pattern> ALL =
      List.of(Pattern.compile("\\|vmoe\\d+;[^|]*$"), OLD_OWNER, OLD_COMMITTER, OLD_SCHEMAS);

  /** Returns the note in an offset's metadata; its parts say nothing where there is none. */
  public static OffsetNote in(String metadata) {
    Matcher note = NOTE.matcher(metadata);
    return note.find()
        ? new OffsetNote(owner(note), committer(note), schemas(note))
        : new OffsetNote(
            owner(OLD_OWNER.matcher(metadata)),
            committer(OLD_COMMITTER.matcher(metadata)),
            schemas(OLD_SCHEMAS.matcher(metadata)));
  }

  private static Owner owner(Matcher note) {
    return note.find(0) && note.group("owner") != null
        ? new Owner(
            note.group("owner"),
            InWork.valueOf(note.group("work")),
            Integer.parseInt(note.group("deaths")),
            Long.parseLong(note.group("suspect")),
            Integer.parseInt(note.group("alone")))
        : Owner.UNKNOWN;
  }

  private static @Nullable Committer committer(Matcher note) {
    return note.find(0) && note.group("producer") != null
        ? new Committer(note.group("producer"), note.group("member"))
        : null;
  }

  private static SchemaIds schemas(Matcher note) {
    if (!note.find(0) || note.group("ids") == null) {
      return SchemaIds.NONE;
    }
    Map<String, Integer> ids = new TreeMap<>();
    for (String one : note.group("ids").substring(1).split(",")) {
      long id = Long.parseLong(one.substring(one.indexOf('=') + 1));
      if (id <= Integer.MAX_VALUE) {
        ids.put(one.substring(0, one.indexOf('=')), (int) id);
      }
    }
    return new SchemaIds(note.group("registry"), ids);
  }

  /** Returns what Kafka Streams has in an offset's metadata. */
  static String without(String metadata) {
    String rest = metadata;
    for (Pattern note : ALL) {
      rest = note.matcher(rest).replaceFirst("");
    }
    return rest;
  }

  /** Returns metadata of Kafka Streams with as much of this note as there is room for. */
  public String behind(String metadata) {
    // Not formatted: in some languages that would write other digits.
    String text = metadata + "|vmoe1";
    String whole = text;
    for (String part : List.of(ownerText(), committerText(), schemasText())) {
      if (whole.getBytes(StandardCharsets.UTF_8).length + part.length() <= MAX_BYTES) {
        whole += part;
      }
    }
    return whole.equals(text) ? metadata : whole;
  }

  private String ownerText() {
    return owner.equals(Owner.UNKNOWN)
        ? ""
        : ";owner="
            + String.join(
                ",",
                owner.process,
                owner.work.name(),
                Integer.toString(owner.deaths),
                Long.toString(owner.suspect),
                Integer.toString(owner.alone));
  }

  private String committerText() {
    if (committer == null) {
      return "";
    }
    String text = committer.transactionalId + "," + committer.member;
    return text.matches(COMMITTER) ? ";producer=" + text : "";
  }

  private String schemasText() {
    if (schemas.ids.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder(";schemas=").append(schemas.registry);
    new TreeMap<>(schemas.ids)
        .forEach((fingerprint, id) -> text.append(',').append(fingerprint).append('=').append(id));
    return text.toString();
  }

  /** What a process has in work: what may have been to blame if it ends now. */
  public enum InWork {
    /** Nothing, or the partition was given back in order: its end says nothing. */
    IDLE,
    /** Images of the partition, among others. */
    BUSY,
    /** One image, and no other in the whole process. */
    ALONE
  }

  /**
   * What the owner of a partition was working on, and how many processes ended over these images
   * before it.
   *
   * @param process that wrote it; empty where none did
   * @param work what was in work when it was written
   * @param deaths processes that ended in a row without getting past these images
   * @param suspect offset of the image that was, or is, the only one in its process; -1 if there is
   *     none
   * @param alone how many processes ended while that image was the only one in them
   */
  public record Owner(String process, InWork work, int deaths, long suspect, int alone) {

    /** Found where no owner has left anything. */
    public static final Owner UNKNOWN = new Owner("", InWork.IDLE, 0, NONE, 0);

    /**
     * Returns the state of a process that takes the partition over.
     *
     * <p>A process ended over the images if another one left them in work. One that takes its own
     * partition again lives: a thread was replaced, a transaction rolled back, a member fenced.
     *
     * @param next the process
     * @param offset first offset without a committed answer
     */
    Owner takenBy(String next, long offset) {
      boolean ended = work != InWork.IDLE && !process.equals(next);
      boolean same = suspect == offset;
      return new Owner(
          next,
          InWork.BUSY,
          ended ? deaths + 1 : deaths,
          same ? suspect : NONE,
          same ? (ended && work == InWork.ALONE ? alone + 1 : alone) : 0);
    }

    /** Returns it for a process that is about to have only this image in work. */
    Owner tries(long offset) {
      return new Owner(process, InWork.ALONE, deaths, offset, suspect == offset ? alone : 0);
    }

    /** Returns it once the suspect, if there was one, has an answer. */
    Owner withoutSuspect() {
      return new Owner(process, InWork.BUSY, deaths, NONE, 0);
    }

    /** Returns it with no ended process counted. */
    Owner withoutDeaths() {
      return new Owner(process, work, 0, suspect, alone);
    }

    /** Returns it with this in work. */
    Owner with(InWork inWork) {
      return new Owner(process, inWork, deaths, suspect, alone);
    }
  }

  /**
   * Who commits an offset. While that member is in the group, {@link AbandonedTransactions} leaves
   * the transactions of its producer alone.
   *
   * @param transactionalId of the producer
   * @param member the UUID at the end of its id in the consumer group; empty if it has none
   */
  public record Committer(String transactionalId, String member) {

    /** Returns who a producer is that commits for a member of a group. */
    public static Committer of(String transactionalId, ConsumerGroupMetadata member) {
      return new Committer(transactionalId, KafkaInternals.memberUuid(member.memberId()));
    }

    /** Returns whether it is the member with this id. */
    boolean is(String memberId) {
      return !member.isEmpty() && KafkaInternals.memberUuid(memberId).equals(member);
    }
  }

  /**
   * The ids of an application's schemas. By them an instance that starts while the schema registry
   * is away knows what to write, and one that finds the registry empty, that it lost them.
   *
   * @param registry which registry has them: the first digits of its address's fingerprint
   * @param ids ids by fingerprint of topic and schema
   */
  public record SchemaIds(String registry, Map<String, Integer> ids) {

    /** Found where none were left. */
    public static final SchemaIds NONE = of("", Map.of());

    /** Copies the ids. */
    public SchemaIds {
      ids = Map.copyOf(ids);
    }

    /** Returns ids in the registry at this address, without credentials. */
    public static SchemaIds of(String url, Map<String, Integer> ids) {
      return new SchemaIds(fingerprint(url).substring(0, 8), ids);
    }

    /** Returns whether they are of the registry at this address, without credentials. */
    public boolean isOf(String url) {
      return registry.equals(of(url, Map.of()).registry());
    }

    /** Returns the fingerprint of a schema of a topic's values: 16 hexadecimal digits. */
    public static String fingerprint(String topic, Schema schema) {
      return fingerprint(topic + "\n" + schema);
    }

    private static String fingerprint(String text) {
      long fingerprint = SchemaNormalization.fingerprint64(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().toHexDigits(fingerprint);
    }
  }
}

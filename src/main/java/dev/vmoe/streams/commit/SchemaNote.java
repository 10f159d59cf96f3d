package dev.vmoe.streams.commit;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.SchemaNormalization;

/**
 * The schema ids of an application, left with each offset that it commits: an instance that starts
 * while the schema registry is away knows by them what to write, and one that finds the registry
 * empty, that it lost them.
 *
 * <p>It stands before the {@link OwnerNote} in the offset's metadata: {@code
 * AgAAAZq…|schemas,9f04c1aa,30be1c7d2f9a4e55=3,…}.
 *
 * @param registry which registry has them: the first digits of its address's fingerprint
 * @param ids ids by fingerprint of topic and schema
 */
public record SchemaNote(String registry, Map<String, Integer> ids) {

  /** Metadata may have 4,096 bytes by the brokers' default, an id has at most 28. */
  private static final int MAX_IDS = 100;

  private static final Pattern NOTE =
      Pattern.compile("\\|schemas,([0-9a-f]{8})((?:,[0-9a-f]{16}=\\d{1,10})+)(?=\\||$)");

  /** Copies the ids. */
  public SchemaNote {
    ids = Map.copyOf(ids);
  }

  /** Returns a note of ids in the registry at this address, without credentials. */
  public static SchemaNote of(String url, Map<String, Integer> ids) {
    return new SchemaNote(fingerprint(url).substring(0, 8), ids);
  }

  /** Returns a note without ids. */
  public static SchemaNote empty() {
    return of("", Map.of());
  }

  /** Returns the note in an offset's metadata; without ids if there is none. */
  public static SchemaNote in(String metadata) {
    Matcher note = NOTE.matcher(metadata);
    if (!note.find()) {
      return empty();
    }
    Map<String, Integer> ids = new TreeMap<>();
    for (String id : note.group(2).substring(1).split(",")) {
      int equals = id.indexOf('=');
      long value = Long.parseLong(id.substring(equals + 1));
      if (value <= Integer.MAX_VALUE) {
        ids.put(id.substring(0, equals), (int) value);
      }
    }
    return new SchemaNote(note.group(1), ids);
  }

  /** Returns whether the ids are those of the registry at this address, without credentials. */
  public boolean isOf(String url) {
    return registry.equals(of(url, Map.of()).registry());
  }

  /** Returns the fingerprint of a schema of a topic's values: 16 hexadecimal digits. */
  public static String fingerprint(String topic, String schema) {
    return fingerprint(topic + "\n" + schema);
  }

  private static String fingerprint(String text) {
    String hex =
        Long.toHexString(SchemaNormalization.fingerprint64(text.getBytes(StandardCharsets.UTF_8)));
    return "0".repeat(16 - hex.length()) + hex;
  }

  /** Returns an offset's metadata without the note. */
  static String without(String metadata) {
    return NOTE.matcher(metadata).replaceFirst("");
  }

  /** Returns metadata that has no note with this one, unless there is no room for it. */
  public String behind(String metadata) {
    if (ids.isEmpty() || ids.size() > MAX_IDS) {
      return metadata;
    }
    StringBuilder note = new StringBuilder(metadata).append("|schemas,").append(registry);
    new TreeMap<>(ids)
        .forEach((fingerprint, id) -> note.append(',').append(fingerprint).append('=').append(id));
    return note.toString();
  }
}

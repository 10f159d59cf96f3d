package dev.vmoe.lab.mutations;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What became of damaged images.
 *
 * @param seed of the images
 * @param images that had an outcome
 * @param formats outcomes, by the format of the whole file
 * @param refusals refused images, by reason without its numbers
 * @param findings images that were not handled as they have to be, by kind
 * @param brokenBy why no further image could be decoded; null if all were
 * @param memory of the process
 * @param slowestMs longest decoding of one image, in milliseconds
 * @param seconds that it took
 * @param bounds within which images were decoded
 */
public record MutationsResult(
    long seed,
    long images,
    Map<String, DecodeOutcomes> formats,
    Map<String, Long> refusals,
    Map<String, Long> findings,
    @Nullable String brokenBy,
    DecodingMemory memory,
    double slowestMs,
    double seconds,
    DecodeBounds bounds) {

  /** Copies the maps. */
  public MutationsResult {
    formats = new TreeMap<>(formats);
    refusals = new TreeMap<>(refusals);
    findings = new TreeMap<>(findings);
  }

  /**
   * Images of one format.
   *
   * @param decoded have a picture
   * @param refused have a reason
   * @param timedOut took too long
   * @param failed were in a batch that failed
   */
  public record DecodeOutcomes(long decoded, long refused, long timedOut, long failed) {

    static final DecodeOutcomes NONE = new DecodeOutcomes(0, 0, 0, 0);

    DecodeOutcomes plus(DecodeOutcomes other) {
      return new DecodeOutcomes(
          decoded + other.decoded,
          refused + other.refused,
          timedOut + other.timedOut,
          failed + other.failed);
    }

    long all() {
      return decoded + refused + timedOut + failed;
    }
  }

  /**
   * Resident memory of the process in mebibytes; not a number where the system does not tell.
   *
   * @param firstTenth mean over the first tenth of the images
   * @param lastTenth mean over the last tenth
   * @param largest of the run
   */
  public record DecodingMemory(double firstTenth, double lastTenth, double largest) {

    /** Growth that no leak explains: heap and arenas fill up to their size. */
    static final double MAX_GROWTH = 64;

    /** Returns whether it is known not to have grown. */
    boolean flat() {
      return lastTenth - firstTenth <= MAX_GROWTH;
    }

    private String verdict() {
      return flat() ? "" : Double.isNaN(lastTenth - firstTenth) ? "; NOT MEASURED" : "; IT GREW";
    }
  }

  /**
   * What bounded decoding.
   *
   * @param threads that decoded
   * @param decodeBytes memory for all images that are being decoded
   * @param decodeTimeoutMs time for one image
   */
  public record DecodeBounds(int threads, long decodeBytes, long decodeTimeoutMs) {}

  /** Returns whether every image was handled, and memory is flat. */
  public boolean clean() {
    return findings.isEmpty() && brokenBy == null && memory.flat();
  }

  /** Returns a page for people. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%d images of seed %d in %s s (%s a second), slowest %s ms%n"
            .formatted(
                images,
                seed,
                Table.decimals(seconds, 0),
                Table.decimals(images / seconds, 0),
                Table.decimals(slowestMs, 0)));
    text.append(
        "resident memory: %s MiB in the first tenth, %s in the last, largest %s%s%n"
            .formatted(
                Table.decimals(memory.firstTenth(), 0),
                Table.decimals(memory.lastTenth(), 0),
                Table.decimals(memory.largest(), 0),
                memory.verdict()));
    text.append(
        "findings: %s%n"
            .formatted(
                findings.isEmpty()
                    ? "none"
                    : findings.entrySet().stream()
                        .map(entry -> entry.getValue() + " " + entry.getKey())
                        .collect(Collectors.joining(", "))));
    Optional.ofNullable(brokenBy)
        .ifPresent(reason -> text.append("ended early: %s%n".formatted(reason)));
    Table reasons = new Table("refused because", "images");
    refusals.forEach(reasons::add);
    return text.append(System.lineSeparator())
        .append(toTable().toText())
        .append(System.lineSeparator())
        .append(reasons.toText())
        .toString();
  }

  /** Returns a row for each format. */
  public Table toTable() {
    Table table = new Table("format", "images", "decoded", "refused", "timed_out", "failed");
    formats.forEach(
        (format, of) ->
            table.add(format, of.all(), of.decoded(), of.refused(), of.timedOut(), of.failed()));
    return table;
  }

  /** Returns the result for programs. */
  public ObjectNode toJson() {
    ObjectNode json = Json.object();
    json.put("images", images).put("seed", seed).put("clean", clean());
    DecodeOutcomes sum =
        formats.values().stream().reduce(DecodeOutcomes.NONE, DecodeOutcomes::plus);
    json.put("decoded", sum.decoded())
        .put("refused", sum.refused())
        .put("timed_out", sum.timedOut())
        .put("failed", sum.failed());
    json.set("findings", Json.tree(findings));
    json.put("broken_by", brokenBy);
    json.set("memory_mib", Json.tree(memory));
    json.put("slowest_ms", slowestMs)
        .put("seconds", seconds)
        .put("images_per_second", images / seconds);
    json.set("bounds", Json.tree(bounds));
    json.set("formats", Json.tree(formats));
    json.set("refusals", Json.tree(refusals));
    return json;
  }
}

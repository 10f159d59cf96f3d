package dev.vmoe.streams.output;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * Keeps warnings of Kafka's clients from filling the log: while a broker is away, each of them
 * warns of each attempt to connect, tens of times a second.
 *
 * <p>Of warnings that differ only in numbers and in the client that has them, a few pass in a
 * while. How many were left out is said before the next one. One that is always there and asks for
 * nothing is left out.
 */
public final class RepeatedWarnings extends TurboFilter {

  static final Duration WHILE = Duration.ofSeconds(10);

  /** Warnings of a kind that pass in a while. */
  static final int MAX_PASSED = 3;

  private static final int MAX_KINDS = 200;

  private static final String OF_KAFKA = "org.apache.kafka.";

  /** The name of a client at the beginning, and every number. */
  private static final Pattern DIFFERENCES = Pattern.compile("^\\[[^]]*] |-?[0-9]+");

  /** It speaks of a group protocol that settings refuse. */
  private static final String OF_EVERY_START = "A non-default kafka client supplier was supplied";

  private final LongSupplier nanoClock;

  /** Kinds of warnings, oldest first; guarded by itself. */
  private final Map<String, Passed> kinds = new LinkedHashMap<>();

  private static final class Passed {
    long sinceNanos;
    int passed;
    int leftOut;
  }

  /** Creates a filter; {@code logback.xml} does. */
  public RepeatedWarnings() {
    this(System::nanoTime);
  }

  /** Creates a filter with another clock, of monotonic nanoseconds. */
  RepeatedWarnings(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  @Override
  public FilterReply decide(
      @Nullable Marker marker,
      Logger logger,
      Level level,
      @Nullable String format,
      Object @Nullable [] params,
      @Nullable Throwable failure) {
    if (format == null
        || level.toInt() != Level.WARN_INT
        || logger.getEffectiveLevel().toInt() > Level.WARN_INT
        || !logger.getName().startsWith(OF_KAFKA)) {
      return FilterReply.NEUTRAL;
    }
    if (format.contains(OF_EVERY_START)) {
      return FilterReply.DENY;
    }
    int leftOut = pass(logger.getName() + DIFFERENCES.matcher(format).replaceAll("#"));
    if (leftOut < 0) {
      return FilterReply.DENY;
    }
    if (leftOut > 0) {
      logger
          .getLoggerContext()
          .getLogger(RepeatedWarnings.class)
          .warn("{} warnings like the next one were left out", leftOut);
    }
    return FilterReply.NEUTRAL;
  }

  /**
   * Returns how many warnings of a kind were left out before this one; -1 if it is left out as
   * well.
   */
  private int pass(String kind) {
    long now = nanoClock.getAsLong();
    synchronized (kinds) {
      Passed state = kinds.get(kind);
      if (state == null) {
        if (kinds.size() == MAX_KINDS) {
          kinds.remove(kinds.keySet().iterator().next());
        }
        state = new Passed();
        state.sinceNanos = now;
        kinds.put(kind, state);
      }
      if (now - state.sinceNanos >= WHILE.toNanos()) {
        state.sinceNanos = now;
        state.passed = 0;
      }
      if (state.passed == MAX_PASSED) {
        state.leftOut++;
        return -1;
      }
      state.passed++;
      int leftOut = state.leftOut;
      state.leftOut = 0;
      return leftOut;
    }
  }
}

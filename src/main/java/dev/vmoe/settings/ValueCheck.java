package dev.vmoe.settings;

import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef.Validator;
import org.apache.kafka.common.config.ConfigException;

/** A check of one setting's value, described in the words that its error and the docs use. */
record ValueCheck(String expected, Rule rule) implements Validator {

  /** Decides on a value that is not null. */
  @FunctionalInterface
  interface Rule {
    boolean allows(Object value);
  }

  /** Returns a check for text that matches the whole pattern. */
  static ValueCheck matching(String regex, String expected) {
    Pattern pattern = Pattern.compile(regex);
    return new ValueCheck(expected, value -> pattern.matcher((String) value).matches());
  }

  /** Returns a check for a finite number above 0. */
  static ValueCheck aboveZero() {
    return new ValueCheck(
        "a number above 0", value -> (Double) value > 0 && !((Double) value).isInfinite());
  }

  /** Returns a check for a number within these bounds. */
  static ValueCheck between(int low, int high) {
    return new ValueCheck(
        "a number from " + low + " to " + high,
        value -> (Double) value >= low && (Double) value <= high);
  }

  @Override
  @SuppressWarnings("NullAway") // Kafka's interface is not annotated: a default may be null
  public void ensureValid(String name, Object value) {
    if (value != null && !rule.allows(value)) {
      throw new ConfigException(name, value, "expected " + expected);
    }
  }

  @Override
  public String toString() {
    return expected;
  }
}

package dev.vmoe.streams.settings;

import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef.Validator;
import org.apache.kafka.common.config.ConfigException;

/**
 * A check of a setting's value.
 *
 * @param expected what is allowed, in words for the error and the docs
 * @param rule tests a value that is not null
 */
record ValueCheck(String expected, Predicate<Object> rule) implements Validator {

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
    if (value != null && !rule.test(value)) {
      throw new ConfigException(name, value, "expected " + expected);
    }
  }

  @Override
  public String toString() {
    return expected;
  }
}

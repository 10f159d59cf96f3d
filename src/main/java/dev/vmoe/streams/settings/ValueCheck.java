package dev.vmoe.streams.settings;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef.Validator;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;

/**
 * A check of a setting's value.
 *
 * @param expected what is allowed, in words for the error and the docs
 * @param rule tests a value that is not null
 */
record ValueCheck(String expected, Predicate<Object> rule) implements Validator {

  /** Kafka's rule. */
  private static final String TOPIC = "(?!\\.{1,2}(?:[\\s,]|$))[a-zA-Z0-9._-]{1,249}";

  private static final String TOPIC_IN_WORDS = "at most 249 letters, digits, '.', '_' and '-'";

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

  /** Returns a check for a list of texts that each match the whole pattern. */
  static ValueCheck eachMatching(String regex, String expected) {
    Pattern pattern = Pattern.compile(regex);
    return new ValueCheck(
        expected,
        value -> ((List<?>) value).stream().allMatch(it -> pattern.matcher((String) it).matches()));
  }

  /** Returns a check for beginnings of addresses, with nothing that a server could misread. */
  static ValueCheck addressPrefixes() {
    String path = "(/(?!\\.{1,2}(/|$))[A-Za-z0-9._~!$&'()*+=:@-]*)";
    String host = "([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+])(:\\d{1,5})?";
    return eachMatching(
        "https?://" + host + path + "*|file://" + path + "+",
        "beginnings of addresses, as https://host/folder/ or file:///folder/, separated by commas,"
            + " or empty");
  }

  /** Returns a check for a topic's name. */
  static ValueCheck topicName() {
    return matching(TOPIC, "a topic's name: " + TOPIC_IN_WORDS);
  }

  /** Returns a check for names of topics. */
  static ValueCheck topicNames() {
    return matching(
        TOPIC + "(\\s*,\\s*" + TOPIC + ")*",
        "names of topics, separated by commas: each " + TOPIC_IN_WORDS);
  }

  /** Returns a check for a secret that cannot be guessed and that a header can carry. */
  static ValueCheck token() {
    Pattern token = Pattern.compile("[\\x21-\\x7e]{16,200}");
    return new ValueCheck(
        "16 to 200 visible ASCII characters",
        value -> token.matcher(((Password) value).value()).matches());
  }

  /** Returns a check for a level of the log. */
  static ValueCheck logLevel() {
    return matching(
        "(?i)trace|debug|info|warn|error|off", "TRACE, DEBUG, INFO, WARN, ERROR or OFF");
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

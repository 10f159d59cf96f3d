package dev.vmoe.settings;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Which settings must never be printed. */
final class Secrets {

  /** Stands for a secret wherever one would be printed. */
  static final String MASK = "[hidden]";

  /** Parts of the names that clients of Kafka and of the registry give to secrets. */
  private static final List<String> MARKS =
      List.of(
          "password",
          "secret",
          "token",
          "credential",
          "jaas",
          "user.info",
          "userinfo",
          "keystore.key",
          "private.key",
          "api.key");

  /** Settings of the model, whose tokens are no secrets. */
  private static final String EXPERTS = "experts.per.token";

  /** What comes before the host in an address that brings its credentials along. */
  private static final Pattern CREDENTIALS = Pattern.compile("(?<=//)[^/\\s,]*(?=@)");

  private Secrets() {}

  /** Returns whether the setting's value is a secret, judged by its name. */
  static boolean isSecret(String key) {
    String lower = key.toLowerCase(Locale.ROOT);
    return MARKS.stream().anyMatch(lower::contains)
        && !lower.endsWith(".endpoint.url")
        && !lower.startsWith(EXPERTS);
  }

  /** Returns a setting's value as it may be printed. */
  static String printable(String key, String value) {
    return isSecret(key) ? MASK : CREDENTIALS.matcher(value).replaceAll(MASK);
  }
}

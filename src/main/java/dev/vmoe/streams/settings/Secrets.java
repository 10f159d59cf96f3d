package dev.vmoe.streams.settings;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Masks the values of settings that must never be printed. */
final class Secrets {

  /** Printed in place of a secret. */
  static final String MASK = "[hidden]";

  /** Parts of the names of secrets of the clients of Kafka and of the registry. */
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

  /** Prefix of settings of the model: these tokens are no secrets. */
  private static final String EXPERTS = "experts.per.token";

  /** The user and password before the host of an address. */
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

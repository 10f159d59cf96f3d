package dev.vmoe.settings;

import java.util.List;
import java.util.Locale;

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

  private Secrets() {}

  /** Returns whether the setting's value is a secret, judged by its name. */
  static boolean isSecret(String key) {
    String lower = key.toLowerCase(Locale.ROOT);
    return MARKS.stream().anyMatch(lower::contains) && !lower.endsWith(".endpoint.url");
  }
}

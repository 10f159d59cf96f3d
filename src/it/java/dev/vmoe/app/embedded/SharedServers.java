package dev.vmoe.app.embedded;

import org.jspecify.annotations.Nullable;

/**
 * The broker and the registry that all tests of this JVM share. They are started when the first
 * test asks for them and end with the JVM. Each test has topics of its own, with a prefix or a name
 * that no other has.
 */
public final class SharedServers {

  private static @Nullable EmbeddedKafka kafka;
  private static @Nullable EmbeddedRegistry registry;

  private SharedServers() {}

  /** Returns the broker; the caller leaves it running. */
  public static synchronized EmbeddedKafka kafka() {
    if (kafka == null) {
      kafka = EmbeddedKafka.start();
    }
    return kafka;
  }

  /** Returns the registry; the caller leaves it running. */
  public static synchronized EmbeddedRegistry registry() {
    if (registry == null) {
      registry = EmbeddedRegistry.start();
    }
    return registry;
  }
}

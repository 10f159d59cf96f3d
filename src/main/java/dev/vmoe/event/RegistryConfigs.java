package dev.vmoe.event;

import java.util.HashMap;
import java.util.Map;

/** Settings of Confluent's client, from those below {@code registry.}. */
final class RegistryConfigs {

  private static final String HOST_NAME_CHECK = "ssl.endpoint.identification.algorithm";
  private static final String TLS_PREFIX = "schema.registry.";

  private RegistryConfigs() {}

  static Map<String, Object> of(Map<String, ?> configs) {
    Map<String, Object> all = new HashMap<>();
    all.put("http.connect.timeout.ms", 5_000);
    all.put("http.read.timeout.ms", 5_000);
    if (configs.containsKey("basic.auth.user.info")) {
      all.put("basic.auth.credentials.source", "USER_INFO");
    }
    if (configs.containsKey("bearer.auth.token")) {
      all.put("bearer.auth.credentials.source", "STATIC_TOKEN");
    }
    // With a trust store and without this, the client would accept a certificate of any host.
    if (configs.keySet().stream().anyMatch(name -> name.startsWith("ssl."))) {
      all.put(HOST_NAME_CHECK, "https");
      all.put(TLS_PREFIX + HOST_NAME_CHECK, "https");
    }
    all.putAll(configs);
    // The client looks for TLS settings under this prefix, for the others without it.
    configs.forEach((name, value) -> all.put(TLS_PREFIX + name, value));
    return all;
  }
}

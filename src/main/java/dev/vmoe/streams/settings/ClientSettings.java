package dev.vmoe.streams.settings;

import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/** Finds settings, passed through to Kafka's clients, whose names no client knows. */
public final class ClientSettings {

  private static final Set<String> KNOWN = known();

  private ClientSettings() {}

  private static Set<String> known() {
    Set<String> known = new TreeSet<>(StreamsConfig.configDef().names());
    known.addAll(ConsumerConfig.configNames());
    known.addAll(ProducerConfig.configNames());
    known.addAll(AdminClientConfig.configNames());
    return known;
  }

  /**
   * Returns the settings that no client knows, each with a suggestion, which may be empty. Kafka
   * ignores them; a plug-in of the user may read them.
   */
  public static SortedMap<String, String> unknown(Settings settings) {
    SortedMap<String, String> unknown = new TreeMap<>();
    for (Map.Entry<String, Object> entry : settings.originals().entrySet()) {
      String name = Problem.clientsName(entry.getKey());
      boolean ofInternalTopics = name.startsWith(StreamsConfig.TOPIC_PREFIX);
      if (!name.isEmpty() && !ofInternalTopics && !KNOWN.contains(name)) {
        unknown.put(entry.getKey(), Nearest.suggestion(name, KNOWN));
      }
    }
    return unknown;
  }
}

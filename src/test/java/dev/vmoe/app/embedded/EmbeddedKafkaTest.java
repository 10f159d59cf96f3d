package dev.vmoe.app.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class EmbeddedKafkaTest {

  private static final Path COMPOSE =
      Path.of(System.getProperty("vmoe.home", ".")).resolve("docker-compose.yml");

  @Test
  void shouldHaveTheSettingsOfComposesBrokerForGroupsAndTopics() throws IOException {
    JsonNode broker = services().at("/kafka/environment");
    Map<String, String> ours = new TreeMap<>();
    Map<String, String> composes = new TreeMap<>();
    EmbeddedKafka.SETTINGS.forEach(
        (key, value) -> {
          String variable = "KAFKA_" + key.replace('.', '_').toUpperCase(Locale.ROOT);
          if (variable.matches("KAFKA_(GROUP|AUTO)_.*")) {
            ours.put(variable, value);
            composes.put(variable, broker.path(variable).asText());
          }
        });

    assertThat(composes).hasSizeGreaterThanOrEqualTo(2).isEqualTo(ours);
  }

  private static JsonNode services() throws IOException {
    return new YAMLMapper().readTree(Files.readString(COMPOSE)).get("services");
  }
}

package dev.vmoe.app.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedIT {

  @Test
  void shouldFindAgainWhatABrokerLeftInItsDirectory(@TempDir Path directory) throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start(directory, Map.of());
        Admin admin = admin(kafka)) {
      admin.createTopics(List.of(new NewTopic("kept", 1, (short) 1))).all().get();
    }
    try (EmbeddedKafka kafka = EmbeddedKafka.start(directory, Map.of());
        Admin admin = admin(kafka)) {
      assertThat(admin.listTopics().names().get()).contains("kept");
    }
  }

  @Test
  void shouldSayWhyTheBrokerDoesNotStart(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "in the way");

    assertThatThrownBy(() -> EmbeddedKafka.start(file, Map.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void shouldSayHowToGetTheRegistry(@TempDir Path directory) {
    assertThatThrownBy(() -> EmbeddedRegistry.start(directory))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("mvn process-resources");
  }

  private static Admin admin(EmbeddedKafka kafka) {
    return Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
  }
}

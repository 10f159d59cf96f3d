package dev.vmoe.app.doctor;

import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryClient.SchemaStatus;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.streams.instance.RegistrySchemas;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.settings.Settings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.kafka.common.KafkaException;

/** Checks that the schema registry answers, and has or accepts the schemas of this version. */
final class RegistryCheck {

  private final Settings settings;

  RegistryCheck(Settings settings) {
    this.settings = settings;
  }

  void into(Findings findings) {
    boolean reached = false;
    try (RegistryClient registry = RegistryClient.of(settings, Duration.ZERO)) {
      if (reportLost(registry, findings)) {
        return;
      }
      for (Map.Entry<String, Schema> schema : RegistrySchemas.own(settings).entrySet()) {
        String topic = schema.getKey();
        SchemaStatus status = registry.status(topic, schema.getValue());
        if (!reached) {
          findings.ok("registry", registry.url() + " answers");
          reached = true;
        }
        report("schema " + topic + "-value", status, findings);
      }
    } catch (RegistryUnavailableException e) {
      findings.failed(
          "registry",
          ErrorText.withCause(e),
          "start it, or correct schema.registry.url (base address of the Confluent interface) and"
              + " the credentials under registry.");
    }
  }

  /** Returns whether the schemas that were registered before are gone. */
  private boolean reportLost(RegistryClient registry, Findings findings) {
    try (RegistrySchemas schemas = new RegistrySchemas(settings, registry, Duration.ZERO)) {
      Optional<String> lost = schemas.loss();
      lost.ifPresent(problem -> findings.failed("registry", problem, RegistrySchemas.TO_DO));
      return lost.isPresent();
    } catch (KafkaException e) {
      findings.skipped("lost schemas", "the brokers do not say: " + e.getMessage());
      return false;
    }
  }

  private static void report(String subject, SchemaStatus status, Findings findings) {
    switch (status.state()) {
      case REGISTERED -> findings.ok(subject, "registered, id " + status.id().getAsInt());
      case COMPATIBLE ->
          findings.ok(subject, "compatible with the registered versions; the start registers it");
      case NEW -> findings.ok(subject, "not registered yet; the start registers it");
      case INCOMPATIBLE ->
          findings.failed(
              subject,
              "not compatible with the versions that are registered",
              "set another topic (topic.prefix, topics.…) or another registry, or use a newer"
                  + " version of vmoe: an older one may not read what a newer one wrote"
                  + " (src/docs/operations.md)");
    }
  }
}

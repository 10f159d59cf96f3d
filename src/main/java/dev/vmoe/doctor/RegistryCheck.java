package dev.vmoe.doctor;

import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.event.SchemaStanding;
import dev.vmoe.output.ErrorText;
import dev.vmoe.settings.EventFormat;
import dev.vmoe.settings.Settings;
import dev.vmoe.topics.Topics;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.avro.Schema;

/** Checks that the schema registry answers, and has or accepts the schemas of this version. */
final class RegistryCheck {

  private final Settings settings;
  private final boolean profile;

  /**
   * Creates a check.
   *
   * @param profile whether the instance keeps the routing profile
   */
  RegistryCheck(Settings settings, boolean profile) {
    this.settings = settings;
    this.profile = profile;
  }

  void into(Findings findings) {
    boolean reached = false;
    try (RegistryClient registry = RegistryClient.of(settings, Duration.ZERO)) {
      for (Map.Entry<String, Schema> schema : schemas().entrySet()) {
        String topic = schema.getKey();
        SchemaStanding standing = registry.standing(topic, schema.getValue());
        if (!reached) {
          findings.ok("registry", registry.url() + " answers");
          reached = true;
        }
        report("schema " + topic + "-value", standing, findings);
      }
    } catch (RegistryUnavailableException e) {
      findings.failed(
          "registry",
          ErrorText.withCause(e),
          "start it, or correct schema.registry.url (base address of the Confluent interface) and"
              + " the credentials under registry.");
    }
  }

  /** Returns the schemas by topic. */
  private Map<String, Schema> schemas() {
    Topics topics = Topics.of(settings);
    Map<String, Schema> schemas = new LinkedHashMap<>();
    topics.images().forEach(topic -> schemas.put(topic, ImageRequest.getClassSchema()));
    if (EventFormat.ofPredictions(settings) == EventFormat.AVRO) {
      schemas.put(topics.predictions(), Prediction.getClassSchema());
    }
    if (EventFormat.ofUtilization(settings) == EventFormat.AVRO) {
      schemas.put(topics.expertUtilization(), ExpertUtilization.getClassSchema());
    }
    schemas.put(topics.config(), PipelineConfig.getClassSchema());
    if (profile) {
      schemas.put(topics.routingProfile(), RoutingProfile.getClassSchema());
    }
    return schemas;
  }

  private static void report(String subject, SchemaStanding standing, Findings findings) {
    switch (standing.state()) {
      case REGISTERED -> findings.ok(subject, "registered, " + standing.detail());
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

package dev.vmoe.streams.instance;

import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Topics;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.avro.Schema;

/** The schemas that an instance has in the registry. */
public final class OwnSchemas {

  private OwnSchemas() {}

  /** Returns the schemas by topic. */
  public static Map<String, Schema> of(Settings settings) {
    Topics topics = Topics.of(settings);
    Map<String, Schema> schemas = new LinkedHashMap<>();
    topics.images().forEach(topic -> schemas.put(topic, ImageRequest.getClassSchema()));
    schemas.putAll(ofAnswers(settings));
    schemas.put(topics.config(), PipelineConfig.getClassSchema());
    return schemas;
  }

  /** Returns those by topic without which no image can be answered; none if answers are JSON. */
  static Map<String, Schema> ofAnswers(Settings settings) {
    Topics topics = Topics.of(settings);
    Map<String, Schema> schemas = new LinkedHashMap<>();
    if (EventFormat.ofPredictions(settings) == EventFormat.AVRO) {
      schemas.put(topics.predictions(), Prediction.getClassSchema());
    }
    if (EventFormat.ofUtilization(settings) == EventFormat.AVRO) {
      schemas.put(topics.expertUtilization(), ExpertUtilization.getClassSchema());
    }
    return schemas;
  }
}

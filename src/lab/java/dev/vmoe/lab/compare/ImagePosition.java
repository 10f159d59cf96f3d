package dev.vmoe.lab.compare;

import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Where an image stands: what answers of several pipelines to it have in common. */
public record ImagePosition(String topic, int partition, long offset) implements RecordMetadata {

  @Override
  public String toString() {
    return topic + "/" + partition + "/" + offset;
  }
}

package dev.vmoe.streams;

import java.util.Map;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A consumer that leaves its group when it is closed.
 *
 * <p>Streams has its consumers stay, so that an instance with local state finds its partitions
 * again after a restart. There is no state here, and a thread that crashed would keep its
 * partitions from everybody until its session times out.
 */
final class LeavingConsumer extends KafkaConsumer<byte[], byte[]> {

  LeavingConsumer(Map<String, Object> config) {
    super(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  @Override
  public void close(CloseOptions options) {
    super.close(options.withGroupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
  }
}

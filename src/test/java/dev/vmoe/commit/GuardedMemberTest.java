package dev.vmoe.commit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData.Subtopology;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData.TaskId;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class GuardedMemberTest {

  @Test
  void shouldGiveBackPartitionsOfTheRevokedTasksTopicsOnly() {
    Map<String, Subtopology> subtopologies =
        Map.of("0", reading("north"), "1", reading("south"), "2", reading("west"));

    assertThat(
            GuardedMember.partitions(Set.of(new TaskId("1", 3), new TaskId("2", 0)), subtopologies))
        .containsExactlyInAnyOrder(new TopicPartition("south", 3), new TopicPartition("west", 0));
  }

  private static Subtopology reading(String topic) {
    return new Subtopology(Set.of(topic), Set.of(), Map.of(), Map.of(), List.of());
  }
}

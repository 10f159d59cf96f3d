package dev.vmoe.lab.faults;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * The group of the instances: how far the images are answered, because offsets are committed with
 * the answers, and who has which partition.
 */
final class ImageGroup {

  private static final Duration CHECK_EVERY = Duration.ofMillis(500);

  /** Longest time without progress. */
  private static final Duration STALLED = Duration.ofSeconds(120);

  private static final Duration EMPTY_LIMIT = Duration.ofSeconds(60);
  private static final int SET_BACK_BY = 5;

  private final String bootstrapServers;
  private final String group;
  private final String topic;

  ImageGroup(String bootstrapServers, String group, String topic) {
    this.bootstrapServers = bootstrapServers;
    this.group = group;
    this.topic = topic;
  }

  /** Waits until everything in the topic is answered; returns whether it is. */
  boolean awaitEnd() throws InterruptedException, ExecutionException {
    try (Admin admin = admin()) {
      long lastNanos = System.nanoTime();
      long last = -1;
      while (true) {
        long missing = missing(admin);
        if (missing == 0) {
          return true;
        }
        if (missing != last) {
          last = missing;
          lastNanos = System.nanoTime();
        } else if (System.nanoTime() - lastNanos > STALLED.toNanos()) {
          return false;
        }
        Thread.sleep(CHECK_EVERY.toMillis());
      }
    }
  }

  private long missing(Admin admin) throws InterruptedException, ExecutionException {
    Map<TopicPartition, OffsetAndMetadata> committed = committed(admin);
    Map<TopicPartition, OffsetSpec> latest =
        IntStream.range(0, partitions(admin))
            .mapToObj(partition -> new TopicPartition(topic, partition))
            .collect(Collectors.toMap(partition -> partition, partition -> OffsetSpec.latest()));
    long missing = 0;
    for (Map.Entry<TopicPartition, ListOffsetsResultInfo> end :
        admin.listOffsets(latest).all().get().entrySet()) {
      OffsetAndMetadata position = committed.get(end.getKey());
      missing += end.getValue().offset() - (position == null ? 0 : position.offset());
    }
    return missing;
  }

  private int partitions(Admin admin) throws InterruptedException, ExecutionException {
    return admin.describeTopics(List.of(topic)).allTopicNames().get().values().stream()
        .mapToInt(description -> description.partitions().size())
        .sum();
  }

  private Map<TopicPartition, OffsetAndMetadata> committed(Admin admin)
      throws InterruptedException, ExecutionException {
    Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
    admin
        .listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get()
        .forEach(
            (partition, offset) -> {
              if (partition.topic().equals(topic) && offset != null) {
                committed.put(partition, offset);
              }
            });
    return committed;
  }

  /**
   * Returns the partitions of each instance, by the instance's client id without its thread; empty
   * while the group rebalances.
   */
  Map<String, Set<Integer>> owners() throws InterruptedException, ExecutionException {
    Map<String, Set<Integer>> owners = new HashMap<>();
    try (Admin admin = admin()) {
      ConsumerGroupDescription described =
          Objects.requireNonNull(
              admin.describeConsumerGroups(List.of(group)).all().get().get(group));
      for (MemberDescription member : described.members()) {
        Set<Integer> partitions = partitions(owners, member.clientId());
        member.assignment().topicPartitions().forEach(it -> partitions.add(it.partition()));
      }
    }
    return owners;
  }

  private static Set<Integer> partitions(Map<String, Set<Integer>> owners, String clientId) {
    return owners.computeIfAbsent(
        clientId.replaceFirst("-StreamThread.*", ""), instance -> new TreeSet<>());
  }

  /** Sets the committed offsets of the group back a little, once it has no member. */
  void setBack() throws InterruptedException, ExecutionException {
    try (Admin admin = admin()) {
      Map<TopicPartition, OffsetAndMetadata> earlier = new HashMap<>();
      committed(admin)
          .forEach(
              (partition, offset) ->
                  earlier.put(
                      partition,
                      new OffsetAndMetadata(Math.max(0, offset.offset() - SET_BACK_BY))));
      long endNanos = System.nanoTime() + EMPTY_LIMIT.toNanos();
      while (true) {
        try {
          admin.alterConsumerGroupOffsets(group, earlier).all().get();
          return;
        } catch (ExecutionException e) {
          if (System.nanoTime() - endNanos > 0) {
            throw e; // a member is still there
          }
          Thread.sleep(CHECK_EVERY.toMillis());
        }
      }
    }
  }

  private Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", bootstrapServers));
  }
}

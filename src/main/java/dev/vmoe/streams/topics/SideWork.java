package dev.vmoe.streams.topics;

import dev.vmoe.streams.settings.Settings;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.acl.AclOperation;

/**
 * Work beside the images, each in a Kafka Streams client and a group of its own. Images do not need
 * it: if it cannot go on, it stands still.
 */
public enum SideWork {
  /** What the experts did for each class so far. */
  ROUTING_PROFILE(
      TopicPlan.ROUTING_PROFILE, "the routing profile", Settings.ROUTING_PROFILE_INTERVAL_MS),
  /** What the frames of one key say together. */
  CLIPS(TopicPlan.CLIPS, "clips", Settings.CLIPS_WINDOW_MS);

  private final String topic;
  private final String title;
  private final String setting;

  SideWork(String topic, String title, String setting) {
    this.topic = topic;
    this.title = title;
    this.setting = setting;
  }

  /** Returns what an instance with these settings does. */
  public static List<SideWork> of(Settings settings) {
    return Arrays.stream(values()).filter(work -> settings.getLong(work.setting) > 0).toList();
  }

  /** Returns the name of its topic in the plan. */
  public String topic() {
    return topic;
  }

  /** Returns its name in sentences. */
  public String title() {
    return title;
  }

  /** Returns the setting that turns it off with 0. */
  public String setting() {
    return setting;
  }

  /** Returns the name of its group, which its internal topics and transactions begin with. */
  public String applicationId(Settings settings) {
    return settings.getString(Settings.APPLICATION_ID) + suffix();
  }

  /** Returns what its names have behind those of the images' client. */
  public String suffix() {
    return "-" + topic;
  }

  /** Returns the full name of its topic. */
  public String topic(Topics topics) {
    return this == CLIPS ? topics.clips() : topics.routingProfile();
  }

  /** Returns the operations on a topic that it needs. */
  public Set<AclOperation> needs(Topics topics, String topic) {
    if (topic.equals(topic(topics))) {
      return this == CLIPS
          ? Set.of(AclOperation.WRITE)
          : EnumSet.of(AclOperation.READ, AclOperation.WRITE);
    }
    String source = this == CLIPS ? topics.predictions() : topics.expertUtilization();
    return topic.equals(source) ? Set.of(AclOperation.READ) : Set.of();
  }
}

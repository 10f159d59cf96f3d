package dev.vmoe.streams.topics;

import java.util.List;

/** Topics with short names. */
public final class ShortTopics {

  /** All of them. */
  public static final Topics TOPICS =
      new Topics(List.of("images"), "predictions", "utilization", "dlq", "config");

  private ShortTopics() {}
}

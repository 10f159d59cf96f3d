package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.event.Clip;
import dev.vmoe.streams.settings.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Processes that sum frames are killed with open windows: each frame is in one clip all the same.
 */
@Timeout(240)
class ClipsKillIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int PARTITIONS = 2;
  private static final int CAMERAS = 4;
  private static final int WINDOWS = 6;
  private static final int FRAMES = 5;
  private static final int WINDOW_MS = 1_000;

  @Test
  void shouldHaveEachFrameInOneClipThoughProcessesAreKilled() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Workbench.Reader<Clip> clips = workbench.clips()) {
      int sent = 0;
      for (int end : new int[] {8, 19, WINDOWS * FRAMES}) { // frames of a camera: within a window
        try (Instance instance = Instance.start(properties(workbench))) {
          for (; sent < end; sent++) {
            send(workbench, sent);
          }
          int closed = (end - 1) / FRAMES * CAMERAS;
          await("clips").atMost(LIMIT).until(() -> clips.poll().size() >= closed);
          instance.kill();
        }
        for (String group : List.of("app", "app-clips")) { // no wait for the dead one's session
          workbench
              .admin
              .removeMembersFromConsumerGroup(
                  workbench.prefix + group, new RemoveMembersFromConsumerGroupOptions())
              .all()
              .get();
        }
      }
      try (Instance instance = Instance.start(properties(workbench))) {
        send(workbench, WINDOWS * FRAMES); // one of the next window closes the last
        await("clips").atMost(LIMIT).until(() -> clips.poll().size() >= WINDOWS * CAMERAS);
      }

      assertThat(clips.pollToEnd()).hasSize(WINDOWS * CAMERAS);
      assertThat(clips.read)
          .allSatisfy(
              clip -> {
                assertThat(clip.getFrames()).isEqualTo(FRAMES);
                assertThat(clip.getLate()).isZero();
                assertThat(clip.getMissingWindows()).isZero();
              });
      for (int window = 0; window < WINDOWS; window++) {
        long start = (long) window * WINDOW_MS;
        assertThat(clips.read).filteredOn(clip -> clip.getWindowStart() == start).hasSize(CAMERAS);
      }
    }
  }

  private static void send(Workbench workbench, int frame) {
    long time = (long) frame / FRAMES * WINDOW_MS + frame % FRAMES * 100L;
    for (int camera = 0; camera < CAMERAS; camera++) {
      workbench.sendAt(camera % PARTITIONS, "camera " + camera, FakeDecoder.grey(camera), time);
    }
  }

  private static Map<String, Object> properties(Workbench workbench) {
    return workbench.properties(
        Map.of(Settings.CLIPS_WINDOW_MS, WINDOW_MS, "producer.transaction.timeout.ms", 2_000));
  }
}

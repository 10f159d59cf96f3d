package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmoe.core.image.DecoderLimits;
import dev.vmoe.core.image.OpenCvDecoder;
import dev.vmoe.core.image.Preprocessing;
import dev.vmoe.core.image.TestImages;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.Resize;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Images that take much memory, all at once, between others: the process stays within bounds. */
@Timeout(120)
class DecodePeakTest extends BatcherFixture {

  private static final long MIB = 1 << 20;
  private static final int SIDE = 3_400;

  /** Room for one of the large images, which take 88 MiB each, and not for two. */
  private static final long ROOM = 150 * MIB;

  private static final int LARGE = 5;

  @Test
  void shouldStayWithinTheRoomForDecodingAndAnswerAll() throws Exception {
    Path forget = Path.of("/proc/self/clear_refs");
    assumeTrue(Files.isWritable(forget), "no /proc");
    byte[] large = TestImages.deepPng(SIDE, SIDE, 0, 0, 0xaa00, 0xffff);
    byte[] small = TestImages.encoded(TestImages.plain(8, 8, new Color(7, 0, 0)), "png");
    decoder =
        new OpenCvDecoder(
            new Preprocessing(1, Resize.BILINEAR), new DecoderLimits(16 << 20, 64_000_000, 50));
    bounds = new WorkBounds(4, () -> ROOM, Duration.ofMinutes(1), Duration.ofMinutes(1));
    open(2 * LARGE, Long.MAX_VALUE, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    System.gc();
    Files.writeString(forget, "5");
    long beforeBytes = resident("VmRSS");

    for (int i = 0; i < LARGE; i++) {
      lane.submit(i, large, ImagePriority.DEFAULT, Lane.NEVER_DUE);
      lane.submit(i, small, ImagePriority.DEFAULT, Lane.NEVER_DUE);
    }

    assertThat(classes(take(lane))).hasSize(2 * LARGE).filteredOn(red -> red == 7).hasSize(LARGE);
    assertThat(resident("VmHWM") - beforeBytes).isBetween(80 * MIB, ROOM + 10 * MIB);
  }

  private static long resident(String field) throws IOException {
    Matcher found =
        Pattern.compile(field + ":\\s+(\\d+) kB")
            .matcher(Files.readString(Path.of("/proc/self/status")));
    assertThat(found.find()).isTrue();
    return 1024 * Long.parseLong(found.group(1));
  }
}

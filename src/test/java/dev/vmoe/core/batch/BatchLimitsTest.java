package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BatchLimitsTest {

  private static final long MS = 1_000_000L;
  private static final BatchLimits LIMITS = new BatchLimits(4, 1_000, Duration.ofMillis(20));

  private static BatchLimits.Closing closing(int images, long bytes, long millis, boolean running) {
    return LIMITS.closing(images, bytes, millis * MS, running);
  }

  @Test
  void shouldCloseAFullBatchAtOnceEvenUnderARun() {
    assertThat(closing(3, 999, 0, true).reason()).isNull();
    assertThat(closing(4, 999, 0, true).reason()).isEqualTo(FlushReason.SIZE);
    assertThat(closing(3, 1_000, 0, true).reason()).isEqualTo(FlushReason.BYTES);
    assertThat(closing(4, 1_000, 0, false).reason()).isEqualTo(FlushReason.SIZE);
  }

  @Test
  void shouldCloseAnOldBatchOnlyWhenNothingRuns() {
    assertThat(closing(1, 10, 19, false).reason()).isNull();
    assertThat(closing(1, 10, 20, false).reason()).isEqualTo(FlushReason.LINGER);
    assertThat(closing(1, 10, 5_000, true).reason()).isNull();
  }

  @Test
  void shouldNameTheAgeAtWhichABatchMustBeClosed() {
    assertThat(closing(1, 10, 5, false).deadlineNanos()).isEqualTo(20 * MS);
    assertThat(closing(1, 10, 5, true).deadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void shouldLetALargeImageHaveABatchOfItsOwn() {
    assertThat(LIMITS.overflows(0, 5_000)).isFalse();
    assertThat(LIMITS.overflows(600, 400)).isFalse();
    assertThat(LIMITS.overflows(600, 401)).isTrue();
  }

  @Test
  void shouldRefuseLimitsThatNoBatchCanKeep() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BatchLimits(0, 1, Duration.ZERO))
        .withMessageContaining("0 images");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BatchLimits(1, 0, Duration.ZERO))
        .withMessageContaining("0 bytes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BatchLimits(1, 1, Duration.ofMillis(-1)))
        .withMessageContaining("negative");
  }

  @Property
  void shouldStayClosedWithMoreImagesBytesAgeAndAtTheDeadline(
      @ForAll @IntRange(min = 1, max = 6) int images,
      @ForAll @IntRange(max = 1_500) int bytes,
      @ForAll @IntRange(max = 40) int millis,
      @ForAll boolean running,
      @ForAll @IntRange(max = 3) int more) {
    BatchLimits.Closing now = closing(images, bytes, millis, running);
    if (now.reason() != null) {
      assertThat(closing(images + more, bytes + more, millis + more, false).reason()).isNotNull();
    } else if (!running) {
      assertThat(LIMITS.closing(images, bytes, now.deadlineNanos(), false).reason())
          .isEqualTo(FlushReason.LINGER);
      assertThat(LIMITS.closing(images, bytes, now.deadlineNanos() - 1, false).reason()).isNull();
    }
  }
}

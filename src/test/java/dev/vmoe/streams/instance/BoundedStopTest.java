package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class BoundedStopTest {

  private final AtomicInteger closed = new AtomicInteger();
  private final AtomicInteger left = new AtomicInteger();

  @Test
  void shouldEndWhatRunsOnceAndStay() {
    BoundedStop stop =
        new BoundedStop(closed::incrementAndGet, Duration.ofSeconds(10), left::incrementAndGet);

    stop.end();
    stop.end();

    assertThat(closed).hasValue(1);
    assertThat(left).hasValue(0);
  }

  @Test
  void shouldLeaveWhatHangs() {
    CountDownLatch never = new CountDownLatch(1);
    BoundedStop stop =
        new BoundedStop(
            () -> {
              try {
                never.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            Duration.ofMillis(50),
            left::incrementAndGet);

    stop.end();

    assertThat(left).hasValue(1);
    never.countDown();
  }
}

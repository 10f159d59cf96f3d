package dev.vmoe.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class CpuSharesTest {

  @ParameterizedTest
  @CsvSource({
    "vmoe-streams-8f-streamthread-1, STREAMS",
    "kafka-producer-network-thread | vmoe-streams-8f-streamthread-1-producer, STREAMS",
    "kafka-coordinator-heartbeat-thread | vmoe-streams-pipeline, STREAMS",
    "kafka-admin-client-thread | vmoe-streams-pipeline-8f-admin, STREAMS",
    "vmoe-decode-1, DECODE",
    "vmoe-inference-0, MODEL_AND_NATIVE",
    "vmoe-peer-consumer_loops-3-0, PEER",
    "kafka-producer-network-thread | vmoe-peer-consumer_loops-3-0, PEER",
    "kafka-coordinator-heartbeat-thread | vmoe-peer-parallel_consumer-3, PEER",
    "vmoe-peer-streams_map_values-3-8f-streamthread-1, PEER",
    "pc-broker-poll, PEER",
    "kafka-producer-network-thread | vmoe-client, CLIENT",
    "main, CLIENT",
    "data-plane-kafka-request-handler-0, BROKER",
    "common-cleaner, OTHER"
  })
  void shouldTellByItsNameWhomAThreadWorksFor(String thread, CpuShares.Role role) {
    assertThat(CpuShares.role(thread)).isEqualTo(role);
  }

  @Test
  void shouldKeepWhatAThreadUsedThatEnded() throws Exception {
    CpuShares shares = new CpuShares();
    CountDownLatch worked = new CountDownLatch(1);
    CountDownLatch seen = new CountDownLatch(1);
    Thread peer =
        new Thread(
            () -> {
              long endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50);
              while (System.nanoTime() < endNanos) {
                Thread.onSpinWait();
              }
              worked.countDown();
              awaitQuietly(seen);
            },
            CpuShares.PEER + "-test");
    peer.start();
    worked.await();
    shares.look();
    seen.countDown();
    peer.join();

    Map<CpuShares.Role, Long> nanos = shares.nanos();
    assertThat(nanos.get(CpuShares.Role.PEER)).isPositive();
    assertThat(CpuShares.shares(nanos).values().stream().mapToDouble(Double::doubleValue).sum())
        .isCloseTo(1, within(1e-9));
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package dev.vmoe.streams.topology;

import dev.vmoe.core.image.FakeDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Sends small images to all partitions in turn, at a steady rate, until it is closed. One record in
 * twenty, at random so that no partition is spared, is rubbish.
 */
public final class Feeder implements AutoCloseable {

  /** What the keys of rubbish begin with. */
  static final String RUBBISH = "rubbish ";

  private static final int EVERY_MS = 10;
  private static final int RUBBISH_ONE_IN = 20;

  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
  private final Random random = new Random(1);
  private final Workbench workbench;
  private final int partitions;
  private int sent;

  private Feeder(Workbench workbench, int partitions) {
    this.workbench = workbench;
    this.partitions = partitions;
  }

  public static Feeder start(Workbench workbench, int partitions, int recordsPerSecond) {
    Feeder feeder = new Feeder(workbench, partitions);
    int burst = recordsPerSecond * EVERY_MS / 1000;
    feeder.executor.scheduleAtFixedRate(
        () -> feeder.send(burst), 0, EVERY_MS, TimeUnit.MILLISECONDS);
    return feeder;
  }

  /** Sends that many records at once. */
  static void feed(Workbench workbench, int partitions, int records) {
    try (Feeder feeder = new Feeder(workbench, partitions)) {
      feeder.send(records);
      workbench.flush();
    }
  }

  private void send(int count) {
    for (int i = 0; i < count; i++) {
      if (random.nextInt(RUBBISH_ONE_IN) == 0) {
        sendRubbish(sent % partitions, RUBBISH + sent);
      } else {
        workbench.send(sent % partitions, Integer.toString(sent), FakeDecoder.grey(sent % 256));
      }
      sent++;
    }
  }

  private void sendRubbish(int partition, String key) {
    switch (random.nextInt(3)) {
      case 0 -> workbench.send(partition, key, new byte[] {1, 2, 3});
      case 1 ->
          workbench.sendBytes(
              partition, key, "not Avro".getBytes(StandardCharsets.UTF_8), Map.of());
      default -> workbench.sendBytes(partition, key, null, Map.of());
    }
  }

  /** Stops; returns how many records were sent in all. */
  public int stop() throws InterruptedException {
    executor.shutdown();
    executor.awaitTermination(10, TimeUnit.SECONDS);
    workbench.flush();
    return sent;
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}

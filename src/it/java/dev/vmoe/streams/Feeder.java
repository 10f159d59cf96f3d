package dev.vmoe.streams;

import dev.vmoe.image.FakeDecoder;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Sends small images to all partitions in turn, at a steady rate, until it is closed. */
final class Feeder implements AutoCloseable {

  private static final int EVERY_MS = 10;

  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
  private final Workbench workbench;
  private final int partitions;
  private int sent;

  private Feeder(Workbench workbench, int partitions) {
    this.workbench = workbench;
    this.partitions = partitions;
  }

  static Feeder start(Workbench workbench, int partitions, int imagesPerSecond) {
    Feeder feeder = new Feeder(workbench, partitions);
    int burst = imagesPerSecond * EVERY_MS / 1000;
    feeder.executor.scheduleAtFixedRate(
        () -> feeder.send(burst), 0, EVERY_MS, TimeUnit.MILLISECONDS);
    return feeder;
  }

  private void send(int count) {
    for (int i = 0; i < count; i++) {
      workbench.send(sent % partitions, Integer.toString(sent), FakeDecoder.grey(sent % 256));
      sent++;
    }
  }

  /** Stops; returns how many images were sent in all. */
  int stop() throws InterruptedException {
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

package dev.vmoe.streams.topology;

import dev.vmoe.event.Prediction;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How long a client of committed predictions waits between two of the same source partition, at
 * worst. Reads on a thread of its own until it is closed.
 */
final class Pauses implements AutoCloseable {

  private final Workbench.Reader<Prediction> predictions;
  private final Thread thread = new Thread(this::read, "pauses");
  private final Map<Integer, Long> lastNanos = new ConcurrentHashMap<>();
  private final Map<Integer, Duration> longest = new ConcurrentHashMap<>();
  private volatile boolean closed;

  private Pauses(Workbench workbench) {
    predictions = workbench.predictions();
  }

  /** Starts to read; what is there already counts as one moment. */
  static Pauses of(Workbench workbench) {
    Pauses pauses = new Pauses(workbench);
    pauses.predictions.pollToEnd();
    pauses.thread.start();
    return pauses;
  }

  private void read() {
    int seen = predictions.read.size();
    while (!closed) {
      List<Prediction> all = predictions.poll();
      long nowNanos = System.nanoTime();
      for (Prediction prediction : all.subList(seen, all.size())) {
        int partition = prediction.getSourcePartition();
        Long before = lastNanos.put(partition, nowNanos);
        if (before != null) {
          longest.merge(
              partition, Duration.ofNanos(nowNanos - before), (a, b) -> a.compareTo(b) > 0 ? a : b);
        }
      }
      seen = all.size();
    }
  }

  /** Ends the reading; returns the longest pause of any partition. */
  Duration longest() throws InterruptedException {
    closed = true;
    thread.join();
    return longest.values().stream().max(Duration::compareTo).orElseThrow();
  }

  @Override
  public void close() throws InterruptedException {
    closed = true;
    thread.join();
    predictions.close();
  }
}

package dev.vmoe.lab.bench;

import dev.vmoe.image.BadImageException;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The minimum cost of classifying encoded images: decode a batch on every core, run it, go on. No
 * Kafka, no Avro, no waiting. The pipeline is measured against it.
 */
public final class BareLoop implements AutoCloseable {

  private final BatchClassifier classifier;
  private final ImageDecoder decoder;
  private final RoutingSettings settings;
  private final int threads;
  private final ExecutorService workers;
  private final ByteBuffer images;
  private final int batch;

  /**
   * Creates a loop.
   *
   * @param batch images a batch
   * @param threads threads that decode
   */
  public BareLoop(
      BatchClassifier classifier,
      ImageDecoder decoder,
      RoutingSettings settings,
      int batch,
      int threads) {
    this.classifier = classifier;
    this.decoder = decoder;
    this.settings = settings;
    this.batch = batch;
    this.threads = threads;
    AtomicInteger worker = new AtomicInteger();
    this.workers =
        Executors.newFixedThreadPool(
            threads, task -> new Thread(task, "vmoe-decode-bare-" + worker.incrementAndGet()));
    int size = classifier.card().imageSize();
    this.images = ByteBuffer.allocateDirect(batch * size * size * 3);
  }

  /**
   * Classifies images one batch after the other.
   *
   * @param encoded image files, repeated as often as it takes
   * @param count images to classify; rounded up to whole batches
   * @return images a second
   */
  public double imagesPerSecond(List<byte[]> encoded, int count) throws InterruptedException {
    long startNanos = System.nanoTime();
    int done = 0;
    while (done < count) {
      decode(encoded, done);
      classifier.classify(images, batch, settings);
      done += batch;
    }
    return done / ((System.nanoTime() - startNanos) / 1e9);
  }

  private void decode(List<byte[]> encoded, int first) throws InterruptedException {
    List<Callable<Void>> tasks = new ArrayList<>(threads);
    for (int t = 0; t < threads; t++) {
      int from = t;
      tasks.add(
          () -> {
            for (int slot = from; slot < batch; slot += threads) {
              decoder.decode(encoded.get((first + slot) % encoded.size()), images, slot);
            }
            return null;
          });
    }
    for (Future<Void> task : workers.invokeAll(tasks)) {
      try {
        task.get();
      } catch (ExecutionException e) {
        throw new IllegalArgumentException(
            e.getCause() instanceof BadImageException bad ? bad.getMessage() : "decoding failed",
            e.getCause());
      }
    }
  }

  @Override
  public void close() {
    workers.shutdownNow();
  }
}

package dev.vmoe.lab.bench;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.inference.RunLayout;
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
 * The minimum cost of classifying encoded images: decode a batch, run it, go on. As many loops go
 * on at once as the layout has runs; each decodes on as many threads as a run has. No Kafka, no
 * Avro, no waiting. The pipeline is measured against it.
 */
public final class BareLoop implements AutoCloseable {

  private final BenchModel model;
  private final RunLayout layout;
  private final ExecutorService loops;
  private final ExecutorService decoders;
  private final List<ByteBuffer> images = new ArrayList<>();

  /**
   * Creates loops.
   *
   * @param model takes as many runs at once as the layout has
   * @param layout loops and the threads of each
   */
  public BareLoop(BenchModel model, RunLayout layout) {
    this.model = model;
    this.layout = layout;
    this.loops = threads("vmoe-bare-", layout.runs());
    this.decoders = threads("vmoe-decode-bare-", layout.runs() * layout.threads());
    int size = model.classifier().card().imageSize();
    for (int loop = 0; loop < layout.runs(); loop++) {
      images.add(ByteBuffer.allocateDirect(model.batch() * size * size * 3));
    }
  }

  private static ExecutorService threads(String name, int count) {
    AtomicInteger thread = new AtomicInteger();
    return Executors.newFixedThreadPool(
        count, task -> new Thread(task, name + thread.incrementAndGet()));
  }

  /**
   * Classifies images batch by batch.
   *
   * @param encoded image files, repeated as often as it takes
   * @param count images to classify; rounded up to whole batches
   * @return images a second
   */
  public double imagesPerSecond(List<byte[]> encoded, int count) throws InterruptedException {
    int batch = model.batch();
    AtomicInteger next = new AtomicInteger();
    List<Callable<Void>> tasks = new ArrayList<>();
    for (ByteBuffer buffer : images) {
      tasks.add(
          () -> {
            for (int at = next.getAndAdd(batch); at < count; at = next.getAndAdd(batch)) {
              decode(encoded, at, buffer);
              model.classifier().classify(buffer, batch, model.routing());
            }
            return null;
          });
    }
    long startNanos = System.nanoTime();
    runAll(loops, tasks);
    int batches = (count + batch - 1) / batch;
    return batches * batch / ((System.nanoTime() - startNanos) / 1e9);
  }

  private void decode(List<byte[]> encoded, int first, ByteBuffer buffer)
      throws InterruptedException, BadImageException {
    int threads = layout.threads();
    if (threads == 1) {
      decode(encoded, first, buffer, 0, 1);
      return;
    }
    List<Callable<Void>> tasks = new ArrayList<>(threads);
    for (int t = 0; t < threads; t++) {
      int from = t;
      tasks.add(
          () -> {
            decode(encoded, first, buffer, from, threads);
            return null;
          });
    }
    runAll(decoders, tasks);
  }

  private void decode(List<byte[]> encoded, int first, ByteBuffer buffer, int from, int step)
      throws BadImageException {
    for (int slot = from; slot < model.batch(); slot += step) {
      model.decoder().decode(encoded.get((first + slot) % encoded.size()), buffer, slot);
    }
  }

  private static void runAll(ExecutorService threads, List<Callable<Void>> tasks)
      throws InterruptedException {
    for (Future<Void> task : threads.invokeAll(tasks)) {
      try {
        task.get();
      } catch (ExecutionException e) {
        Throwable cause = e.getCause();
        if (cause instanceof RuntimeException known) {
          throw known;
        }
        throw new IllegalArgumentException(
            cause instanceof BadImageException bad ? bad.getMessage() : "the bare loop failed",
            cause);
      }
    }
  }

  @Override
  public void close() {
    loops.shutdownNow();
    decoders.shutdownNow();
  }
}

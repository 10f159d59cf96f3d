package dev.vmoe.lab.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Reads a page at a steady pace, as Prometheus reads metrics. */
final class Scraper implements AutoCloseable {

  private static final int NOTHING_YET = 204;

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final HttpClient client = HttpClient.newHttpClient();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "scraper"));
  private final URI page;
  private final Duration every;
  private final AtomicLong reads = new AtomicLong();
  private @Nullable ScheduledFuture<?> reading;

  /** Creates a scraper that does not read yet. */
  Scraper(URI page, Duration every) {
    this.page = page;
    this.every = every;
  }

  /** Reads once now, and again and again until it is paused. */
  void resume() {
    reading = thread.scheduleAtFixedRate(this::read, 0, every.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void read() {
    try {
      HttpResponse<byte[]> answer =
          client.send(
              HttpRequest.newBuilder(page).timeout(TIMEOUT).build(), BodyHandlers.ofByteArray());
      if (answer.statusCode() == NOTHING_YET) {
        return;
      }
      if (answer.statusCode() != 200 || answer.body().length == 0) {
        throw new IllegalStateException(page + " answered " + answer.statusCode());
      }
      reads.incrementAndGet();
    } catch (IOException e) {
      throw new IllegalStateException(page + " does not answer: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Reads no more for now.
   *
   * @throws IllegalStateException if the page could not be read
   */
  void pause() throws InterruptedException {
    ScheduledFuture<?> running = reading;
    if (running == null || running.cancel(false)) {
      return;
    }
    try {
      running.get();
    } catch (CancellationException e) {
      // as wanted
    } catch (ExecutionException e) {
      throw new IllegalStateException("the page could not be read all the time", e);
    }
  }

  /** Returns how many reads had content. */
  long reads() {
    return reads.get();
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}

package dev.vmoe.fetch;

import dev.vmoe.fetch.FetchAhead.FetchRoom;
import dev.vmoe.fetch.FetchAhead.NoRoomException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.apache.hc.core5.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the images of an instance, each on a thread of its own while it is under way. {@link
 * FetchAhead} says which ones start.
 *
 * <p>A fetch ends in time, even where its thread hangs in a file system or in resolving a name.
 */
public final class Fetching implements AutoCloseable {

  private static final long FIRST_PAUSE_MS = 100;
  private static final long MAX_PAUSE_MS = 2_000;

  private static final Logger log = LoggerFactory.getLogger(Fetching.class);

  private final FetchBounds bounds;
  private final FetchObserver observer;
  private final FetchRoom room;
  private final AllowedAddresses allowed;
  private final PublicHosts names;
  private final ExecutorService threads;
  private final ScheduledThreadPoolExecutor watch;
  private final AtomicInteger hung = new AtomicInteger();

  /** Null before the first image by HTTP: many instances never have one. */
  private @Nullable HttpImages http;

  /** What is known of the thread of a fetch. */
  private enum FetchThread {
    IN_TIME,
    HANGS,
    RETURNED
  }

  /** Starts no thread before the first image. */
  public Fetching(FetchBounds bounds, FetchObserver observer) {
    this(
        bounds,
        observer,
        new PublicHosts(
            SystemDefaultDnsResolver.INSTANCE, bounds.privateHosts(), PublicHosts::isPublic));
  }

  Fetching(FetchBounds bounds, FetchObserver observer, PublicHosts names) {
    this.bounds = bounds;
    this.observer = observer;
    this.room = new FetchRoom(bounds.atOnce(), bounds.maxBytes());
    this.allowed = new AllowedAddresses(bounds.prefixes());
    this.names = names;
    this.threads = Executors.newCachedThreadPool(new DefaultThreadFactory("vmoe-fetch", true));
    this.watch =
        new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("vmoe-fetch-watch", true));
    this.watch.setRemoveOnCancelPolicy(true); // else a fetch stays until its time would be up
  }

  /** Opens the fetching ahead of a partition. */
  public FetchAhead openFetchAhead() {
    return new FetchAhead(room, bounds.maxImageBytes(), this::start);
  }

  /** Returns the bytes of images that are on their way, or not answered yet. */
  public long bytes() {
    return room.bytes();
  }

  private void start(Fetch fetch) {
    if (hung.get() >= bounds.atOnce()) {
      fetch.fail(
          FetchException.failed(
              "%d fetches hang for longer than their time".formatted(hung.get())));
      fetch.fetchAhead.ended(fetch, 0);
      observer.ended(FetchObserver.Outcome.FAILED, 0);
      return;
    }
    try {
      threads.execute(() -> run(fetch));
    } catch (RejectedExecutionException e) {
      log.debug("nothing is fetched any more: the instance stops");
    }
  }

  private void run(Fetch fetch) {
    long startNanos = System.nanoTime();
    AtomicReference<FetchThread> watched = new AtomicReference<>(FetchThread.IN_TIME);
    ScheduledFuture<?> timer =
        watch.schedule(
            () -> giveUp(fetch, watched), bounds.timeout().toNanos(), TimeUnit.NANOSECONDS);
    FetchObserver.Outcome outcome = FetchObserver.Outcome.FAILED;
    long keptBytes = 0;
    try {
      byte[] image = attempts(fetch, startNanos + bounds.timeout().toNanos());
      if (fetch.succeed(image)) {
        outcome = FetchObserver.Outcome.FETCHED;
        keptBytes = image.length;
      }
    } catch (NoRoomException e) {
      timer.cancel(false);
      fetch.fetchAhead.endedForNow(fetch, e.wantedBytes);
      return;
    } catch (FetchException e) {
      fetch.fail(e);
      outcome = e.isRefused() ? FetchObserver.Outcome.REFUSED : FetchObserver.Outcome.FAILED;
    } catch (InterruptedException e) {
      fetch.fail(FetchException.failed("the instance stops"));
    } catch (RuntimeException | Error e) {
      log.error("a fetch failed in an unforeseen way", e);
      fetch.fail(FetchException.failed("the fetch failed in an unforeseen way: " + e));
    } finally {
      timer.cancel(false);
      if (watched.getAndSet(FetchThread.RETURNED) == FetchThread.HANGS) {
        hung.decrementAndGet();
      }
    }
    fetch.fetchAhead.ended(fetch, keptBytes);
    observer.ended(outcome, System.nanoTime() - startNanos);
  }

  private void giveUp(Fetch fetch, AtomicReference<FetchThread> watched) {
    fetch.fail(fetch.late(bounds.timeout()));
    if (watched.compareAndSet(FetchThread.IN_TIME, FetchThread.HANGS)) {
      hung.incrementAndGet();
    }
  }

  private byte[] attempts(Fetch fetch, long endNanos)
      throws FetchException, NoRoomException, InterruptedException {
    URI address = allowed.require(fetch.address);
    long pauseMs = FIRST_PAUSE_MS;
    while (true) {
      try {
        return AllowedAddresses.isFile(address)
            ? readFile(address, fetch)
            : http().get(address, fetch);
      } catch (IOException e) {
        fetch.failed(reason(e));
      }
      if (fetch.isOver() || endNanos - System.nanoTime() < pauseMs * 1_000_000) {
        throw fetch.late(bounds.timeout());
      }
      Thread.sleep(pauseMs);
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
    }
  }

  /** Reads a regular file in an allowed folder, wherever links lead. */
  private byte[] readFile(URI address, Fetch fetch)
      throws IOException, FetchException, NoRoomException {
    try {
      Path real = allowed.realPath(address);
      BasicFileAttributes attributes =
          Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!attributes.isRegularFile()) {
        throw FetchException.refused(address + " is not a regular file");
      }
      try (InputStream in = Files.newInputStream(real, LinkOption.NOFOLLOW_LINKS)) {
        return fetch.read(in, attributes.size());
      }
    } catch (NoSuchFileException e) {
      throw FetchException.failed("there is no file " + address);
    } catch (AccessDeniedException e) {
      throw FetchException.failed("may not be read: " + address);
    }
  }

  private synchronized HttpImages http() {
    if (http == null) {
      http = new HttpImages(allowed, names, bounds);
    }
    return http;
  }

  private static String reason(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** Stops all threads; what is on its way never comes. */
  @Override
  public synchronized void close() {
    threads.shutdownNow();
    watch.shutdownNow();
    if (http != null) {
      http.close();
    }
  }
}

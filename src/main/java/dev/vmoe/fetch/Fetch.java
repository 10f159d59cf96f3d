package dev.vmoe.fetch;

import dev.vmoe.fetch.FetchAhead.NoRoomException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One image on its way from its address. */
public final class Fetch {

  /** After this it is slow. */
  private static final long SLOW_NANOS = 100_000_000;

  final String address;
  final long offset;
  final FetchAhead fetchAhead;

  /** When it was started last. */
  volatile long startNanos;

  /**
   * Whether a thread works on it, maybe in vain; written under the room's monitor, which guards
   * those below.
   */
  volatile boolean underWay;

  /** Whether its partition wants to hear of it no more. */
  boolean dropped;

  /** What it has to reserve before it starts. */
  long wantedBytes;

  /** What is reserved for it now. */
  long reservedBytes;

  private final AtomicReference<@Nullable FetchEnd> end = new AtomicReference<>();
  private volatile @Nullable String lastFailure;
  private volatile Runnable cutOff = () -> {};

  /** What came of it; neither once the image was taken. */
  @SuppressWarnings("ArrayRecordComponent")
  private record FetchEnd(byte @Nullable [] image, @Nullable FetchException failure) {}

  Fetch(String address, long offset, FetchAhead fetchAhead, long wantedBytes) {
    this.address = address;
    this.offset = offset;
    this.fetchAhead = fetchAhead;
    this.wantedBytes = wantedBytes;
  }

  /** Returns whether the image is there, or will not come. */
  public boolean isOver() {
    return end.get() != null;
  }

  /** Returns whether the image is long on its way, and not for want of room; for any thread. */
  public boolean isSlow() {
    return !isOver() && underWay && System.nanoTime() - startNanos > SLOW_NANOS;
  }

  /**
   * Returns the image, encoded.
   *
   * @throws FetchException if it does not come
   * @throws IllegalStateException if it is still on its way, or was taken
   */
  public byte[] image() throws FetchException {
    FetchEnd its = end.get();
    if (its != null && its.failure() != null) {
      throw its.failure();
    }
    if (its == null || its.image() == null) {
      throw new IllegalStateException("there is no image yet, or no more");
    }
    return its.image();
  }

  /**
   * Reads the image to its end, within what is reserved for it.
   *
   * @param declared bytes of the image as its source says, below 0 if it does not
   * @throws FetchException if there are more than the maximum
   * @throws NoRoomException if there is no room for so many now
   */
  byte[] read(InputStream in, long declared) throws IOException, FetchException, NoRoomException {
    int maxBytes = fetchAhead.maxImageBytes;
    if (declared > maxBytes) {
      throw tooLarge(declared + " bytes, more");
    }
    int first = declared >= 0 ? (int) declared : Math.min(FetchAhead.FIRST_BYTES, maxBytes);
    fetchAhead.reserve(this, first);
    byte[] image = new byte[first];
    int read = in.readNBytes(image, 0, first);
    if (read < first) {
      return Arrays.copyOf(image, read);
    }
    int more = in.read();
    if (more < 0) {
      return image;
    }
    if (first == maxBytes) {
      throw tooLarge("more bytes");
    }
    fetchAhead.reserve(this, maxBytes);
    byte[] rest = in.readNBytes(maxBytes - first);
    if (first + 1L + rest.length > maxBytes) {
      throw tooLarge("more bytes");
    }
    byte[] whole = Arrays.copyOf(image, first + 1 + rest.length);
    whole[first] = (byte) more;
    System.arraycopy(rest, 0, whole, first + 1, rest.length);
    return whole;
  }

  private FetchException tooLarge(String bytes) {
    return FetchException.failed(
        "the image has %s than image.max.bytes = %d".formatted(bytes, fetchAhead.maxImageBytes));
  }

  void failed(String reason) {
    lastFailure = reason;
  }

  /** Says how the attempt that begins is cut off. */
  void cutOffBy(Runnable way) {
    cutOff = way;
    if (isOver()) {
      way.run();
    }
  }

  /** Ends it with its image; false if it has ended before. */
  boolean succeed(byte[] image) {
    return end.compareAndSet(null, new FetchEnd(image, null));
  }

  /** Ends it without an image, whatever it is doing, unless it has ended before. */
  void fail(FetchException reason) {
    end.compareAndSet(null, new FetchEnd(null, reason));
    cutOff.run();
  }

  /** Returns what is said of it when its time is up. */
  FetchException late(Duration timeout) {
    String last = lastFailure;
    return FetchException.failed(
        "not fetched within fetch.timeout.ms = %d ms%s"
            .formatted(timeout.toMillis(), last == null ? "" : "; last: " + last));
  }

  /** Lets the image go: its taker has it, or does not want it any more. */
  void forget() {
    if (end.getAndSet(new FetchEnd(null, null)) == null) {
      cutOff.run();
    }
  }
}

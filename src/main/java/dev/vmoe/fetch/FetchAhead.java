package dev.vmoe.fetch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The images of one partition that come by address, fetched ahead of their turn. For the
 * partition's thread.
 *
 * <p>The next image, the one that all others wait for, may always be fetched. It always has room
 * once no image before it has any: so a partition takes at most one image beyond the bounds. All
 * else has room where its partition leaves as much to others as it has, of fetches and of bytes. So
 * addresses that hang in one partition leave room to the others.
 *
 * <p>At first a little is reserved for an image. If it turns out larger and there is no room for
 * that now, it is asked for again once there is.
 */
public final class FetchAhead implements AutoCloseable {

  /** Reserved for an image whose size is not known yet. */
  static final int FIRST_BYTES = 1024 * 1024;

  final int maxImageBytes;
  private final FetchRoom room;
  private final Consumer<Fetch> starter;

  /** Fetches whose images were not taken. */
  private final TreeMap<Long, Fetch> coming = new TreeMap<>();

  /** Those of them that wait for room. */
  private final TreeMap<Long, Fetch> waiting = new TreeMap<>();

  /** Fetches whose images were taken, and not answered. */
  private final Map<Long, Fetch> taken = new TreeMap<>();

  private int fetches;
  private long bytes;

  /** What all partitions of an instance take together; its monitor guards each of them, too. */
  static final class FetchRoom {

    private final int maxFetches;
    private final LongSupplier maxBytes;
    private int fetches;
    private long bytes;

    FetchRoom(int maxFetches, LongSupplier maxBytes) {
      this.maxFetches = maxFetches;
      this.maxBytes = maxBytes;
    }

    synchronized long bytes() {
      return bytes;
    }
  }

  /** There is no room now for what an image turned out to take. */
  static final class NoRoomException extends Exception {
    final long wantedBytes;

    NoRoomException(long wantedBytes) {
      super("there is no room for %d bytes now".formatted(wantedBytes), null, false, false);
      this.wantedBytes = wantedBytes;
    }
  }

  FetchAhead(FetchRoom room, int maxImageBytes, Consumer<Fetch> starter) {
    this.room = room;
    this.maxImageBytes = maxImageBytes;
    this.starter = starter;
  }

  /** Fetches an image as soon as there is room for it. */
  public Fetch fetch(long offset, String address) {
    Fetch fetch = new Fetch(address, offset, this, Math.min(FIRST_BYTES, maxImageBytes));
    synchronized (room) {
      coming.put(offset, fetch);
      waiting.put(offset, fetch);
    }
    startMore();
    return fetch;
  }

  /** Starts what there is room for; asked again and again, since others make room. */
  public void startMore() {
    List<Fetch> started = new ArrayList<>();
    synchronized (room) {
      while (!waiting.isEmpty()) {
        Fetch fetch = waiting.firstEntry().getValue();
        if ((!isNext(fetch) && fetches >= room.maxFetches - room.fetches)
            || !hasRoom(fetch, fetch.wantedBytes)) {
          break;
        }
        waiting.pollFirstEntry();
        fetch.startNanos = System.nanoTime();
        fetch.underWay = true;
        fetch.reservedBytes = fetch.wantedBytes;
        add(1, fetch.reservedBytes);
        started.add(fetch);
      }
    }
    started.forEach(starter);
  }

  private boolean isNext(Fetch fetch) {
    return !coming.isEmpty() && coming.firstEntry().getValue() == fetch;
  }

  private boolean hasRoom(Fetch fetch, long more) {
    return (isNext(fetch) && taken.isEmpty())
        || bytes + more <= room.maxBytes.getAsLong() - room.bytes - more;
  }

  private void add(int moreFetches, long moreBytes) {
    fetches += moreFetches;
    bytes += moreBytes;
    room.fetches += moreFetches;
    room.bytes += moreBytes;
  }

  void reserve(Fetch fetch, long wanted) throws NoRoomException {
    synchronized (room) {
      long more = wanted - fetch.reservedBytes;
      if (more <= 0) {
        return;
      }
      if (!hasRoom(fetch, more)) {
        throw new NoRoomException(wanted);
      }
      fetch.reservedBytes = wanted;
      add(0, more);
    }
  }

  /**
   * Notes that a thread has done with a fetch.
   *
   * @param keptBytes of its image; 0 if there is none
   */
  void ended(Fetch fetch, long keptBytes) {
    synchronized (room) {
      release(fetch, keptBytes);
    }
    startMore();
  }

  private void release(Fetch fetch, long keptBytes) {
    fetch.underWay = false;
    long kept = fetch.dropped ? 0 : keptBytes;
    add(-1, kept - fetch.reservedBytes);
    fetch.reservedBytes = kept;
  }

  /** Notes that a thread has done with a fetch, which needs more room to be tried again. */
  void endedForNow(Fetch fetch, long wantedBytes) {
    synchronized (room) {
      release(fetch, 0);
      fetch.wantedBytes = wantedBytes;
      if (!fetch.isOver() && coming.get(fetch.offset) == fetch) {
        waiting.put(fetch.offset, fetch);
      }
    }
    startMore();
  }

  /** Notes that an image was taken or given up: the one behind it is the next. */
  public void taken(long offset) {
    Fetch fetch;
    synchronized (room) {
      waiting.remove(offset);
      fetch = coming.remove(offset);
      if (fetch != null) {
        taken.put(offset, fetch);
      }
    }
    if (fetch != null) {
      fetch.forget();
    }
    startMore();
  }

  /** Notes that an image was answered. */
  public void answered(long offset) {
    synchronized (room) {
      Fetch fetch = taken.remove(offset);
      if (fetch != null) {
        drop(fetch);
      }
    }
  }

  private void drop(Fetch fetch) {
    fetch.dropped = true;
    if (!fetch.underWay) { // otherwise its thread still has the bytes
      add(0, -fetch.reservedBytes);
      fetch.reservedBytes = 0;
    }
  }

  /** Gives up all that is on its way. */
  @Override
  public void close() {
    List<Fetch> left;
    synchronized (room) {
      left = List.copyOf(coming.values());
      left.forEach(this::drop);
      taken.values().forEach(this::drop);
      coming.clear();
      waiting.clear();
      taken.clear();
    }
    left.forEach(fetch -> fetch.fail(FetchException.failed("given up")));
  }
}

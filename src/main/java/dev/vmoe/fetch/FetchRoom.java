package dev.vmoe.fetch;

import java.util.function.LongSupplier;

/** What all fetches of an instance take together; its monitor guards their lines, too. */
final class FetchRoom {

  private final int maxFetches;
  private final LongSupplier maxBytes;
  private int fetches;
  private long bytes;

  FetchRoom(int maxFetches, LongSupplier maxBytes) {
    this.maxFetches = maxFetches;
    this.maxBytes = maxBytes;
  }

  synchronized void add(int moreFetches, long moreBytes) {
    fetches += moreFetches;
    bytes += moreBytes;
  }

  synchronized int freeFetches() {
    return maxFetches - fetches;
  }

  synchronized long freeBytes() {
    return maxBytes.getAsLong() - bytes;
  }

  synchronized long bytes() {
    return bytes;
  }
}

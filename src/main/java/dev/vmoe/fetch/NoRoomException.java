package dev.vmoe.fetch;

/** There is no room now for what an image turned out to take. */
final class NoRoomException extends Exception {

  final long wantedBytes;

  NoRoomException(long wantedBytes) {
    super("there is no room for %d bytes now".formatted(wantedBytes), null, false, false);
    this.wantedBytes = wantedBytes;
  }
}

package dev.vmoe.lab.peers;

/** A consumer of another make that answers the images of one round. */
public interface Peer extends AutoCloseable {

  /** Returns how many consumers it has in its group. */
  int consumers();

  /** Begins to read, on threads of its own. */
  void start();

  /** Stops; what is not answered stays so. */
  @Override
  void close();
}

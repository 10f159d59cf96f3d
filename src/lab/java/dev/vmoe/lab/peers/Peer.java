package dev.vmoe.lab.peers;

import java.time.Duration;

/** A consumer of another make that answers the images of one round. */
public interface Peer extends AutoCloseable {

  /** Returns how many consumers it has in its group; 0 if it shares the partitions out itself. */
  int consumers();

  /** Returns the processor time that other processes have used for it. */
  default Duration cpuElsewhere() {
    return Duration.ZERO;
  }

  /**
   * Begins to read, on threads of its own. Returns once it reads; before that, if {@link
   * #consumers()} is above 0.
   */
  void start();

  /** Stops; what is not answered stays so. */
  @Override
  void close();
}

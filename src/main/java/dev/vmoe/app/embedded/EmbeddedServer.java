package dev.vmoe.app.embedded;

/** A server of the demo and the tests: it stops when it is closed, or else when the JVM exits. */
abstract class EmbeddedServer implements AutoCloseable {

  private final Thread atExit;
  private volatile boolean closedByCaller;
  private boolean closed;

  EmbeddedServer(String name) {
    atExit = new Thread(this::stop, "embedded-" + name + "-exit");
  }

  /** Called once by the constructor of the subclass, when all fields are set. */
  final void stopAtExit() {
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /** Leaves the stop at the JVM's exit to the caller, who closes this. */
  public final void leaveToCaller() {
    Runtime.getRuntime().removeShutdownHook(atExit);
    closedByCaller = true;
  }

  @Override
  public final synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (!closedByCaller) {
      try {
        Runtime.getRuntime().removeShutdownHook(atExit);
      } catch (IllegalStateException e) {
        return; // the JVM is exiting, and the hook stops this
      }
    }
    stop();
  }

  /** Stops the server and deletes its temporary files. */
  abstract void stop();
}

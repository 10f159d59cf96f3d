package dev.vmoe.streams.settings;

/** Threads with a name that do not keep the process alive. */
public final class DaemonThread {

  private DaemonThread() {}

  /** Returns a thread that is not started yet. */
  public static Thread of(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Starts a thread and returns it. */
  public static Thread start(Runnable task, String name) {
    Thread thread = of(task, name);
    thread.start();
    return thread;
  }
}

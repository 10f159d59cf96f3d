package dev.vmoe.streams.instance;

import java.util.Arrays;

/** Sees from outside what a start waits for. */
public final class StartWait {

  private StartWait() {}

  /** Returns whether a thread rests between two attempts at the registry. */
  public static boolean isForRegistry(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(
            frame ->
                frame.getClassName().equals(RegistryWait.class.getName())
                    && frame.getMethodName().equals("rest"));
  }
}

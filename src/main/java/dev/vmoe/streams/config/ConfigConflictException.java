package dev.vmoe.streams.config;

import org.jspecify.annotations.Nullable;

/** Somebody else wrote a configuration in the meantime; nothing was written. */
public final class ConfigConflictException extends RuntimeException {

  /** Creates an exception. */
  public ConfigConflictException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}

package dev.vmoe.app.console;

import org.jspecify.annotations.Nullable;

/**
 * Token and encryption of a console.
 *
 * @param token required for access; null if the console is open
 * @param openMetrics whether metrics are served without the token
 * @param tls certificate for HTTPS; null for plain HTTP
 */
public record Protection(@Nullable Token token, boolean openMetrics, @Nullable TlsIdentity tls) {

  /** An open console with plain HTTP. */
  public static final Protection NONE = new Protection(null, true, null);
}

package dev.vmoe.console;

import org.jspecify.annotations.Nullable;

/**
 * What keeps others out of a console that they can reach.
 *
 * @param token what opens it; null where it is open
 * @param openMetrics whether metrics are served without the token
 * @param tls certificate to encrypt with; null for plain HTTP
 */
public record Protection(@Nullable Token token, boolean openMetrics, @Nullable TlsIdentity tls) {

  /** Nothing. */
  public static final Protection NONE = new Protection(null, true, null);
}

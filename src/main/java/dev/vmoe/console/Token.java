package dev.vmoe.console;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * What opens the console: a secret that scripts send as {@code Authorization: Bearer …}, and
 * browsers once, for a cookie that follows from it and does not tell it. All instances with one
 * token take each other's cookies, and another token ends them.
 *
 * <p>What is given is compared in a time that says nothing of how much of it is right.
 */
public final class Token {

  private static final String ALGORITHM = "HmacSHA256";
  private static final String BEARER = "Bearer ";

  private final byte[] digest;
  private final String session;

  /** Creates a token. */
  public Token(String secret) {
    digest = digest(secret);
    session = Base64.getUrlEncoder().withoutPadding().encodeToString(mac(secret));
  }

  /** Returns whether this is the secret. */
  boolean is(String given) {
    return MessageDigest.isEqual(digest, digest(given));
  }

  /** Returns whether this header of a request has the secret. */
  boolean inHeader(@Nullable String authorization) {
    return authorization != null
        && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        && is(authorization.substring(BEARER.length()).strip());
  }

  /** Returns what the cookie of a browser that has shown the secret holds. */
  String session() {
    return session;
  }

  /** Returns whether this cookie is one of a browser that has shown the secret. */
  boolean isSession(@Nullable String cookie) {
    return cookie != null && MessageDigest.isEqual(digest(session), digest(cookie));
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  private static byte[] mac(String secret) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM));
      return mac.doFinal("vmoe console session".getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  /** Says nothing of the secret. */
  @Override
  public String toString() {
    return "token";
  }
}

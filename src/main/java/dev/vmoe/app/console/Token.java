package dev.vmoe.app.console;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The secret that opens the console. Scripts send it as {@code Authorization: Bearer …}. Browsers
 * send it once and get a cookie that is derived from it without revealing it. All instances with
 * the same token accept each other's cookies; a new token makes old cookies invalid.
 *
 * <p>Comparisons take the same time however much of the given text is right.
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

  /** Returns whether this header of a request contains the secret. */
  boolean inHeader(@Nullable String authorization) {
    return authorization != null
        && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        && is(authorization.substring(BEARER.length()).strip());
  }

  /** Returns the value of the cookie for a browser that has sent the secret. */
  String session() {
    return session;
  }

  /** Returns whether this is the value of that cookie. */
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

  /** Hides the secret. */
  @Override
  public String toString() {
    return "token";
  }
}

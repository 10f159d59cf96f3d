package dev.vmoe.app.console;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collections;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** The console's TLS certificate and its key. */
public final class TlsIdentity {

  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----(.*)-----END PRIVATE KEY-----", Pattern.DOTALL);

  /** Signature algorithm by type of key. */
  private static final Map<String, String> SIGNATURES =
      Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "EdDSA", "EdDSA");

  private final KeyStore store;
  private final String password;

  private TlsIdentity(KeyStore store, String password) {
    this.store = store;
    this.password = password;
  }

  /**
   * Reads a certificate chain and its key as PEM.
   *
   * @param certificates file of the chain, the console's own certificate first
   * @param key file of the key: PKCS#8, not encrypted
   * @throws IllegalArgumentException if a file is missing or malformed, or the key belongs to
   *     another certificate
   */
  public static TlsIdentity pem(Path certificates, Path key) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      Certificate[] chain = chain(certificates);
      PrivateKey own = key(key);
      requirePair(chain[0].getPublicKey(), own);
      store.setKeyEntry("console", own, new char[0], chain);
      return new TlsIdentity(store, "");
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(
          "%s and %s are no certificate and its key: %s".formatted(certificates, key, reason(e)),
          e);
    }
  }

  /**
   * Reads a PKCS12 file with one key.
   *
   * @throws IllegalArgumentException if the file is missing or the password wrong
   */
  public static TlsIdentity store(Path file, String password) {
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, password.toCharArray());
      if (keys(store) != 1) {
        throw new KeyStoreException("it has " + keys(store) + " keys, not one");
      }
      return new TlsIdentity(store, password);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(
          "%s cannot be read as PKCS12 with this password: %s".formatted(file, reason(e)), e);
    }
  }

  private static long keys(KeyStore store) throws KeyStoreException {
    long keys = 0;
    for (String alias : Collections.list(store.aliases())) {
      keys += store.isKeyEntry(alias) ? 1 : 0;
    }
    return keys;
  }

  private static Certificate[] chain(Path file) throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      Certificate[] chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(in)
              .toArray(new Certificate[0]);
      if (chain.length == 0) {
        throw new CertificateException("the first has no certificate in it");
      }
      return chain;
    }
  }

  private static PrivateKey key(Path file) throws IOException, GeneralSecurityException {
    Matcher found = KEY.matcher(Files.readString(file));
    if (!found.find()) {
      throw new InvalidKeySpecException(
          "the key is not PKCS#8 without a password; openssl pkcs8 -topk8 -nocrypt makes it so");
    }
    byte[] encoded = Base64.getMimeDecoder().decode(found.group(1));
    for (String algorithm : SIGNATURES.keySet()) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      } catch (InvalidKeySpecException e) {
        continue; // a key of another type
      }
    }
    throw new InvalidKeySpecException(
        "the key is of none of the kinds " + new TreeSet<>(SIGNATURES.keySet()));
  }

  /** Checks a signature of the key with the certificate, which works for all types of keys. */
  private static void requirePair(PublicKey ofCertificate, PrivateKey key)
      throws GeneralSecurityException {
    if (!isPair(ofCertificate, key)) {
      throw new InvalidKeyException(
          "the key is not that of the first certificate in the file; give the key that it was"
              + " requested with, and the console's own certificate first");
    }
  }

  private static boolean isPair(PublicKey ofCertificate, PrivateKey key)
      throws GeneralSecurityException {
    byte[] anything = {1, 2, 3};
    Signature signature = Signature.getInstance(SIGNATURES.get(key.getAlgorithm()));
    signature.initSign(key);
    signature.update(anything);
    byte[] signed = signature.sign();
    try {
      signature.initVerify(ofCertificate);
      signature.update(anything);
      return signature.verify(signed);
    } catch (InvalidKeyException | SignatureException e) {
      return false; // a key of another type
    }
  }

  private static String reason(Exception e) {
    return e instanceof NoSuchFileException
        ? e.getMessage() + " does not exist"
        : String.valueOf(e.getMessage());
  }

  SslContextFactory.Server contextFactory() {
    SslContextFactory.Server factory = new SslContextFactory.Server();
    factory.setKeyStore(store);
    factory.setKeyStorePassword(password);
    return factory;
  }
}

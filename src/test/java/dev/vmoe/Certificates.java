package dev.vmoe;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate authority of the tests' own, and a server's certificate that it signed, for the
 * address 127.0.0.1 and no name. Made by the JDK's keytool, as a person would.
 */
public final class Certificates {

  /** Of all stores. */
  public static final String PASSWORD = "store-password-4711";

  private static final String SERVER = "server";

  /**
   * The JDK's 10,000 rounds would take a tenth of all integration tests: each client loads them.
   * And each keytool is a JVM for a moment.
   */
  private static final List<String> QUICK =
      List.of(
          "-J-XX:+UseSerialGC",
          "-J-XX:TieredStopAtLevel=1",
          "-J-Dkeystore.pkcs12.macIterationCount=1",
          "-J-Dkeystore.pkcs12.certPbeIterationCount=1",
          "-J-Dkeystore.pkcs12.keyPbeIterationCount=1");

  private static Certificates shared;

  private final Path folder;

  private Certificates(Path folder) {
    this.folder = folder;
  }

  /** Returns those that all tests of this JVM share; they go with it. */
  public static synchronized Certificates shared() throws Exception {
    if (shared == null) {
      Path folder = Files.createTempDirectory("vmoe-certificates");
      shared = new Certificates(folder);
      shared.make();
      for (File file : folder.toFile().listFiles()) {
        file.deleteOnExit(); // in the reverse order: the folder is the last
      }
    }
    return shared;
  }

  private void make() throws Exception {
    folder.toFile().deleteOnExit();
    keytool("-genkeypair -alias ca -keyalg EC -dname CN=tests -ext bc:c -keystore ca.p12");
    writeCertificate(load(folder.resolve("ca.p12")), "ca", trustPem());
    keytool("-genkeypair -alias server -keyalg EC -dname CN=server -keystore server.p12");
    keytool("-certreq -alias server -keystore server.p12 -file server.csr");
    keytool(
        "-gencert -rfc -alias ca -keystore ca.p12 -infile server.csr -outfile server.pem"
            + " -ext san=ip:127.0.0.1");
    keytool("-importcert -noprompt -alias ca -keystore server.p12 -file ca.pem");
    keytool("-importcert -noprompt -alias server -keystore server.p12 -file server.pem");
    keytool("-importcert -noprompt -alias ca -keystore trusted.p12 -file ca.pem");
    writeKey(load(serverStore()), serverKeyPem());
  }

  private static void writeCertificate(KeyStore store, String alias, Path file) throws Exception {
    writePem("CERTIFICATE", store.getCertificate(alias).getEncoded(), file);
  }

  private static void writeKey(KeyStore store, Path file) throws Exception {
    writePem("PRIVATE KEY", store.getKey(SERVER, PASSWORD.toCharArray()).getEncoded(), file);
  }

  private static void writePem(String kind, byte[] encoded, Path file) throws IOException {
    Files.writeString(
        file,
        "-----BEGIN %s-----%n%s%n-----END %s-----%n"
            .formatted(
                kind, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded), kind));
  }

  /** A certificate and its key, each in a file. */
  public record Pem(Path certificate, Path key) {}

  /** Makes a certificate that nobody signed but its own key, in a folder that is made, too. */
  public static Pem selfSigned(Path folder, String kind, String bits) throws Exception {
    Certificates made = new Certificates(Files.createDirectories(folder));
    String size = kind.startsWith("Ed") ? "" : " -keysize " + bits;
    made.keytool(
        "-genkeypair -alias server -keyalg " + kind + size + " -dname CN=s -keystore server.p12");
    KeyStore store = load(made.serverStore());
    writeCertificate(store, SERVER, made.serverPem());
    writeKey(store, made.serverKeyPem());
    return new Pem(made.serverPem(), made.serverKeyPem());
  }

  private void keytool(String arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(QUICK);
    command.addAll(List.of(arguments.split(" ")));
    if (arguments.contains("-keystore")) {
      command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
    }
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException("keytool " + arguments + ": " + output);
    }
  }

  /** Returns the server's key and certificate, PKCS12. */
  public Path serverStore() {
    return folder.resolve("server.p12");
  }

  /** Returns the server's certificate, PEM. */
  public Path serverPem() {
    return folder.resolve("server.pem");
  }

  /** Returns the server's key, PEM, not encrypted. */
  public Path serverKeyPem() {
    return folder.resolve("server.key");
  }

  /** Returns the authority's certificate, PKCS12. */
  public Path trustStore() {
    return folder.resolve("trusted.p12");
  }

  /** Returns the authority's certificate, PEM. */
  public Path trustPem() {
    return folder.resolve("ca.pem");
  }

  /** Returns what a server that has the certificate and a client that trusts it work with. */
  public SSLContext context() throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(load(serverStore()), PASSWORD.toCharArray());
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(load(trustStore()));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static KeyStore load(Path file) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD.toCharArray());
    }
    return store;
  }
}

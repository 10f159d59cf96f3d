package dev.vmoe.app.console;

import dev.vmoe.streams.settings.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The console's address, and who may use it.
 *
 * @param host name or address to listen at
 * @param port port to listen at; 0 for any free one
 * @param page whether the live page and its data are served; metrics and health always are
 * @param names further names that browsers use, as in their address bar: a name, and a port if it
 *     is not the scheme's default
 * @param token required for access; null if the console is open
 * @param openMetrics whether metrics are served without the token
 * @param tls certificate for HTTPS; null for plain HTTP
 */
public record Listening(
    String host,
    int port,
    boolean page,
    List<String> names,
    @Nullable Token token,
    boolean openMetrics,
    @Nullable TlsIdentity tls) {

  private static final Logger log = LoggerFactory.getLogger(Listening.class);

  /** Converts names to lower case. */
  public Listening {
    names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
  }

  /** Returns the settings of an open console with its page and without further names. */
  public static Listening at(String host, int port) {
    return new Listening(host, port, true, List.of(), null, true, null);
  }

  /** Returns whether only the local machine reaches a console at this host. */
  public static boolean loopback(String host) {
    return Access.HostName.of(host).loopback();
  }

  /**
   * Returns the console's address, protection and pages.
   *
   * @throws ConfigException if it would be open to others without being declared so, or the
   *     certificate cannot be read
   */
  public static Listening of(Settings settings) {
    String host = settings.getString(Settings.CONSOLE_HOST);
    String page = settings.getString(Settings.CONSOLE_PAGE);
    boolean loopback = loopback(host);
    boolean shown = page.equals("auto") ? loopback : !page.equals("false");
    Password secret = settings.getPassword(Settings.CONSOLE_TOKEN);
    Token token = secret == null ? null : new Token(secret.value());
    TlsIdentity tls = tls(settings);
    if (shown && !loopback && !page.equals("open") && token == null) {
      throw new ConfigException(
          ("console.page = %s at %s would show images and configuration to all who reach the port:"
                  + " set console.token, or console.page = open where something else keeps others"
                  + " out")
              .formatted(page, host));
    }
    if (token != null && tls == null && !loopback) {
      log.warn(
          "console.token crosses the network as plain text: set console.tls.certificate, or let a"
              + " proxy encrypt");
    }
    return new Listening(
        host,
        settings.getInt(Settings.CONSOLE_PORT),
        shown,
        settings.getList(Settings.CONSOLE_NAMES),
        token,
        settings.getBoolean(Settings.CONSOLE_METRICS_OPEN),
        tls);
  }

  private static @Nullable TlsIdentity tls(Settings settings) {
    String certificate = settings.getString(Settings.CONSOLE_TLS_CERTIFICATE);
    String key = settings.getString(Settings.CONSOLE_TLS_KEY);
    if (certificate == null) {
      if (key != null || settings.getPassword(Settings.CONSOLE_TLS_PASSWORD) != null) {
        throw new ConfigException(
            "console.tls.key and console.tls.password are of no use without"
                + " console.tls.certificate: set it, or neither");
      }
      return null;
    }
    try {
      if (certificate.endsWith(".p12") || certificate.endsWith(".pfx")) {
        Password password = settings.getPassword(Settings.CONSOLE_TLS_PASSWORD);
        return TlsIdentity.store(Path.of(certificate), password == null ? "" : password.value());
      }
      if (key == null) {
        throw new ConfigException(
            "console.tls.key is not set: give the file with the key of " + certificate);
      }
      return TlsIdentity.pem(Path.of(certificate), Path.of(key));
    } catch (IllegalArgumentException e) {
      throw new ConfigException("console.tls.certificate: " + e.getMessage());
    }
  }
}

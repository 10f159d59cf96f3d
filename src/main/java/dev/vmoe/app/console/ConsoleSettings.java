package dev.vmoe.app.console;

import dev.vmoe.streams.settings.Settings;
import java.nio.file.Path;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the console's address, live page, token and TLS from an instance's settings. */
public final class ConsoleSettings {

  private static final Logger log = LoggerFactory.getLogger(ConsoleSettings.class);

  private ConsoleSettings() {}

  /**
   * Returns the console's address, protection and pages.
   *
   * @throws ConfigException if it would be open to others without being declared so, or the
   *     certificate cannot be read
   */
  public static Listening listening(Settings settings) {
    String host = settings.getString(Settings.CONSOLE_HOST);
    String page = settings.getString(Settings.CONSOLE_PAGE);
    boolean loopback = Listening.loopback(host);
    boolean shown = page.equals("auto") ? loopback : !page.equals("false");
    Protection protection = protection(settings);
    if (shown && !loopback && !page.equals("open") && protection.token() == null) {
      throw new ConfigException(
          ("console.page = %s at %s would show images and configuration to all who reach the port:"
                  + " set console.token, or console.page = open where something else keeps others"
                  + " out")
              .formatted(page, host));
    }
    if (protection.token() != null && protection.tls() == null && !loopback) {
      log.warn(
          "console.token crosses the network as plain text: set console.tls.certificate, or let a"
              + " proxy encrypt");
    }
    return new Listening(
        host,
        settings.getInt(Settings.CONSOLE_PORT),
        shown,
        settings.getList(Settings.CONSOLE_NAMES),
        protection);
  }

  private static Protection protection(Settings settings) {
    Password token = settings.getPassword(Settings.CONSOLE_TOKEN);
    return new Protection(
        token == null ? null : new Token(token.value()),
        settings.getBoolean(Settings.CONSOLE_METRICS_OPEN),
        tls(settings));
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

package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.BOOLEAN;
import static org.apache.kafka.common.config.ConfigDef.Type.PASSWORD;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.types.Password;

/** Definitions of the settings that protect the console: token and TLS. */
public final class SecurityDefinitions {

  public static final String CONSOLE_TOKEN = "console.token";
  public static final String CONSOLE_METRICS_OPEN = "console.metrics.open";
  public static final String CONSOLE_TLS_CERTIFICATE = "console.tls.certificate";
  public static final String CONSOLE_TLS_KEY = "console.tls.key";
  public static final String CONSOLE_TLS_PASSWORD = "console.tls.password";

  /** Long enough not to be guessed; a header can carry it. */
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{16,200}");

  private SecurityDefinitions() {}

  private static boolean token(Object value) {
    return TOKEN.matcher(((Password) value).value()).matches();
  }

  static void addTo(Definitions definitions) {
    definitions
        .setting(
            CONSOLE_TOKEN,
            PASSWORD,
            null,
            new ValueCheck("16 to 200 visible ASCII characters", SecurityDefinitions::token),
            MEDIUM)
        .means(
            "Secret that opens the console, sent as `Authorization: Bearer …` or entered on its"
                + " page. If not set, the console is open to everybody who can reach it. Health"
                + " never needs it.")
        .setting(CONSOLE_METRICS_OPEN, BOOLEAN, false, LOW)
        .means("Whether metrics are served without console.token.")
        .setting(CONSOLE_TLS_CERTIFICATE, STRING, null, new ConfigDef.NonEmptyString(), MEDIUM)
        .means(
            "PEM file with the console's certificate, followed by those that signed it; or a"
                + " PKCS12 file (.p12, .pfx) with its key. If not set, the console speaks plain"
                + " HTTP.")
        .setting(CONSOLE_TLS_KEY, STRING, null, new ConfigDef.NonEmptyString(), MEDIUM)
        .means("PEM file with the key of console.tls.certificate: PKCS#8 without a password.")
        .setting(CONSOLE_TLS_PASSWORD, PASSWORD, null, MEDIUM)
        .means("Password of console.tls.certificate if that is a PKCS12 file.");
  }
}

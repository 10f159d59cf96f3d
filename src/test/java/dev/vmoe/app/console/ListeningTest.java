package dev.vmoe.app.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.Certificates;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.settings.SettingsLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who gets to see the live page, of those who reach the console. */
class ListeningTest {

  private static final String TOKEN = "a-token-of-the-console-42";
  private static final String CERTIFICATE = "console.tls.certificate";
  private static final String KEY = "console.tls.key";
  private static final String PASSWORD = "console.tls.password";

  private static Listening listening(String host, String page, String names) {
    return Listening.of(
        new Settings(Map.of("console.host", host, "console.page", page, "console.names", names)));
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, auto, true",
    "localhost, auto, true",
    "::1, auto, true",
    "0.0.0.0, auto, false",
    "127.evil.example, auto, false",
    "10.1.2.3, auto, false",
    "vmoe.example, auto, false",
    "0.0.0.0, open, true",
    "127.0.0.1, true, true",
    "0.0.0.0, false, false",
    "127.0.0.1, false, false"
  })
  void shouldShowThePageToThisMachineAloneUnlessSet(String host, String page, boolean shown) {
    assertThat(listening(host, page, "").page()).isEqualTo(shown);
  }

  @Test
  void shouldBeOnLoopbackWithThePageWhereNothingIsSet() {
    assertThat(Listening.of(new Settings(Map.of())))
        .isEqualTo(new Listening("127.0.0.1", 8080, true, List.of(), null, false, null));
  }

  @Test
  void shouldTakeNamesAsTheAddressBarShowsThem() {
    assertThat(listening("0.0.0.0", "open", "vmoe.Example, other.example:8443").names())
        .containsExactly("vmoe.example", "other.example:8443");
    for (String wrong : List.of("https://vmoe.example", "*", "vmoe.example/page")) {
      assertThatThrownBy(() -> listening("0.0.0.0", "open", wrong))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("console.names")
          .hasMessageContaining("is not a list of names");
    }
  }

  @Test
  void shouldNotShowThePageToAllWhoReachItUnlessToldSo() {
    assertThatThrownBy(() -> listening("0.0.0.0", "true", ""))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("0.0.0.0")
        .hasMessageContaining("set console.token, or console.page = open");

    Settings withToken =
        new Settings(
            Map.of("console.host", "0.0.0.0", "console.page", "true", "console.token", TOKEN));
    assertThat(Listening.of(withToken).page()).isTrue();
    assertThat(Listening.of(withToken).token()).isNotNull();
  }

  @Test
  void shouldTakeTheTokenFromAFileOrTheEnvironment(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("token"), TOKEN);
    SettingsLoader environment =
        new SettingsLoader(
            Map.of(
                "VMOE_CONFIG_PROVIDERS", "directory",
                "VMOE_CONFIG_PROVIDERS_DIRECTORY_CLASS",
                    "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
                "VMOE_CONSOLE_TOKEN", "${directory:" + folder + ":token}"));
    assertThat(environment.load(null, Map.of()).getPassword("console.token").value())
        .isEqualTo(TOKEN);
    assertThat(
            new SettingsLoader(Map.of("VMOE_CONSOLE_TOKEN", TOKEN))
                .load(null, Map.of())
                .getPassword("console.token")
                .value())
        .isEqualTo(TOKEN);
  }

  @Test
  void shouldRefuseATokenThatCouldBeGuessedWithoutPrintingIt() {
    assertThatThrownBy(() -> new Settings(Map.of("console.token", "kitty-cat")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("console.token: '[hidden]' is not 16 to 200 visible ASCII characters")
        .hasMessageNotContaining("kitty");
  }

  @Test
  void shouldReadACertificateAsPemOrPkcs12() throws Exception {
    Certificates certificates = Certificates.shared();
    String pem = certificates.serverPem().toString();
    String key = certificates.serverKeyPem().toString();
    String store = certificates.serverStore().toString();

    assertThat(tls(Map.of(CERTIFICATE, pem, KEY, key))).isNotNull();
    assertThat(tls(Map.of(CERTIFICATE, store, PASSWORD, Certificates.PASSWORD))).isNotNull();
    assertThat(tls(Map.of())).isNull();
    assertRefused(Map.of(CERTIFICATE, pem), "console.tls.key is not set");
    assertRefused(Map.of(CERTIFICATE, pem, KEY, pem), "PKCS#8", "openssl pkcs8");
    assertRefused(Map.of(CERTIFICATE, key, KEY, key), "are no certificate and its key");
    assertRefused(Map.of(CERTIFICATE, "gone.pem", KEY, key), "gone.pem does not exist");
    assertRefused(Map.of(CERTIFICATE, store, PASSWORD, "wrong horse"), "cannot be read as PKCS12");
  }

  @Test
  void shouldRefuseAKeyThatIsAnotherCertificates(@TempDir Path folder) throws Exception {
    Certificates certificates = Certificates.shared();
    Path key = certificates.serverKeyPem();
    Path another = certificates.trustPem();
    Path none = Files.createFile(folder.resolve("none.pem"));

    assertRefused(pair(another, key), another.toString(), key.toString(), "requested with");
    assertRefused(pair(none, key), none.toString(), key.toString(), "no certificate in it");

    // the console's own certificate has to be the first, whichever is its key
    Path wrongOrder = folder.resolve("order.pem");
    Files.writeString(wrongOrder, Files.readString(another));
    Files.writeString(
        wrongOrder, Files.readString(certificates.serverPem()), StandardOpenOption.APPEND);
    assertRefused(pair(wrongOrder, key), wrongOrder.toString(), "own certificate first");
  }

  @ParameterizedTest
  @CsvSource({"RSA, 2048", "EC, 256", "EC, 521", "Ed25519, 255", "Ed448, 448"})
  void shouldTakeEachKindOfKeyWithItsOwnCertificateAlone(
      String kind, String bits, @TempDir Path folder) throws Exception {
    Certificates.Pem one = Certificates.selfSigned(folder.resolve("one"), kind, bits);
    Certificates.Pem other = Certificates.selfSigned(folder.resolve("other"), kind, bits);

    assertThat(tls(pair(one.certificate(), one.key()))).isNotNull();
    assertRefused(pair(one.certificate(), other.key()), other.key().toString(), "requested with");
    assertRefused(pair(one.certificate(), Certificates.shared().serverKeyPem()), "requested with");
    assertRefused(pair(Certificates.shared().serverPem(), one.key()), "requested with");
  }

  private static Map<String, String> pair(Path certificate, Path key) {
    return Map.of(CERTIFICATE, certificate.toString(), KEY, key.toString());
  }

  private static Object tls(Map<String, String> settings) {
    return Listening.of(new Settings(settings)).tls();
  }

  private static void assertRefused(Map<String, String> settings, String... reasons) {
    assertThatThrownBy(() -> tls(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessageContainingAll(reasons)
        .hasMessageNotContaining("wrong horse");
  }
}

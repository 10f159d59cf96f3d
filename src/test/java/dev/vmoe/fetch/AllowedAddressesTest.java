package dev.vmoe.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllowedAddressesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://a.test/in/x",
        "HTTPS://A.test:443/in/x?y=../..",
        "https://a.test/in",
        "https://b.test:8443/x",
        "file:///data/in/x",
        "file:/data/in/x.jpg",
      })
  void shouldAllowWhatBeginsWithAPrefix(String address) throws Exception {
    assertThat(addresses().require(address)).hasToString(address);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://a.test/in/x",
        "https://a.test:444/in/x",
        "https://a.test/inside",
        "https://a.test/in/../out",
        "https://a.test/in/..;x/out",
        "https://a.test/in/./x",
        "https://a.test/in/%2e%2E/out",
        "https://a.test/in/..%2fout",
        "https://a.test/in/%5c..%5cout",
        "https://a.test/in/%252e%252e/out",
        "https://a.test/in\\..\\out",
        "https://a.test//in/x",
        "https://a.test/in//x",
        "https://a.test/in/x#part",
        "https://a.test/in/%0d%0aHost:b",
        "https://a.test@evil.test/in/x",
        "https://user:word@a.test/in/x",
        "https://a.test.evil.test/in/x",
        "https://a.test./in/x",
        "https://a_b.test/in/x",
        "https://a.test\u0000/in/x",
        "https://a.test/in/\ud800",
        "https://a.test/in/\u1fef",
        "https://\u00e4.test/in/x",
        "https:a.test/in/x",
        "//a.test/in/x",
        "/data/in/x",
        "file://a.test/data/in/x",
        "file:///data/in/../x",
        "file:///data/in/%2e%2e/x",
        "file:///data/in/x?y",
        "file:///data/inside",
        "file:data/in/x",
        "jar:file:///data/in/x!/y",
        "ftp://a.test/in/x",
        "gopher://a.test/in/x",
        "",
        " ",
      })
  void shouldAllowNothingElse(String address) {
    assertThatThrownBy(() -> addresses().require(address))
        .isInstanceOfSatisfying(FetchException.class, it -> assertThat(it.isRefused()).isTrue());
  }

  private static AllowedAddresses addresses() {
    return new AllowedAddresses(
        List.of("https://a.test/in", "https://b.test:8443", "file:///data/in/"));
  }

  @Test
  void shouldSayWhichSettingAllowsAddresses() {
    assertThatThrownBy(() -> new AllowedAddresses(List.of()).require("https://a.test/x"))
        .hasMessageStartingWith("images by address are not taken: fetch.prefixes is empty");
  }

  @Test
  void shouldEncodeWhatIsNotAscii() throws Exception {
    assertThat(addresses().require("https://a.test/in/\u00e9?\u00e9"))
        .hasToString("https://a.test/in/%C3%A9?%C3%A9");
  }
}

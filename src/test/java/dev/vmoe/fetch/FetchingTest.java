package dev.vmoe.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is fetched from good and from bad servers and files, and what is refused. */
class FetchingTest extends FetchingFixture {

  @Test
  void shouldFetchAnImage() throws Exception {
    assertThat(get(root + "image?signature=1")).isEqualTo(IMAGE);
    assertThat(outcomes).containsExactly(FetchObserver.Outcome.FETCHED);
  }

  @Test
  void shouldTryAgainAfterAFailureOfTheServer() throws Exception {
    assertThat(get(root + "second-time")).isEqualTo(IMAGE);
    assertThat(times("second-time")).isEqualTo(2);
  }

  @Test
  void shouldGiveUpAtOnceWhatIsNotThere() {
    assertThat(failure(root + "missing?secret=1")).isEqualTo("HTTP 404 from " + root + "missing?…");
    assertThat(times("missing?secret=1")).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "hanging, Read timed out",
    "failing, HTTP 503",
    "dripping, no answer",
    "cut, Premature end of"
  })
  void shouldGiveUpInTime(String what, String last) {
    timeout = Duration.ofMillis(900);

    assertThat(failure(root + what))
        .startsWith("not fetched within fetch.timeout.ms = 900 ms")
        .satisfiesAnyOf(
            it -> assertThat(it).contains(last),
            it -> assertThat(last).isEqualTo("no answer").matches(no -> !it.contains("last:")));
  }

  @Test
  void shouldReadNoMoreThanTheLargestImage() throws Exception {
    assertThat(failure(root + "endless"))
        .isEqualTo("the image has more bytes than image.max.bytes = " + MAX_IMAGE_BYTES);
    outcomes.clear();
    assertThat(failure(root + "too-large"))
        .isEqualTo(
            "the image has %d bytes, more than image.max.bytes = %d"
                .formatted(MAX_IMAGE_BYTES + 1, MAX_IMAGE_BYTES));
    assertThat(get(root + "large")).hasSize(MAX_IMAGE_BYTES);
  }

  @Test
  void shouldFollowRedirectsToWhatIsAllowedAlone() throws Exception {
    assertThat(get(root + "to-image")).isEqualTo(IMAGE);
    outcomes.clear();
    assertThat(failure(root + "to-itself")).startsWith("more than 3 redirects from");
    for (String what : List.of("to-metadata", "to-file", "out")) {
      outcomes.clear();
      assertThat(refusal(root + what))
          .contains("/in/" + what + " leads where it may not: fetch.prefixes does not allow");
    }
    outcomes.clear();
    assertThat(refusal(root + "to-file", "file:///etc")).endsWith("leads to a file");
    outcomes.clear();
    assertThat(refusal(root + "to-metadata", "http://169.254.169.254"))
        .contains("169.254.169.254", "not public", "fetch.private.hosts");
    assertThat(asked).doesNotContain("/private/image");
  }

  /** The first look is good, the server fails, and the second look leads inside. */
  @Test
  void shouldConnectToNothingButTheAddressThatWasChecked() throws Exception {
    server("127.0.0.1", server.getAddress().getPort(), askedInside);
    names = resolver("127.0.0.2", "127.0.0.1");

    assertThat(refusal(root + "second-time"))
        .contains("the host images.test has the IP address 127.0.0.1, which is not public");
    assertThat(times("second-time")).isEqualTo(1);
    assertThat(askedInside).isEmpty();

    privateHosts = Set.of("images.test");
    names = resolver("127.0.0.1");
    assertThat(get(root + "image")).isEqualTo(IMAGE);
    assertThat(askedInside).containsExactly("/in/image");
  }

  @Test
  void shouldReadFilesInAllowedFoldersAlone() throws Exception {
    Path allowed = Files.createDirectories(folder.resolve("allowed/deep"));
    Path secret = Files.write(folder.resolve("secret"), IMAGE);
    Files.write(allowed.resolve("image"), IMAGE);
    Files.write(allowed.resolve("large"), new byte[MAX_IMAGE_BYTES + 1]);
    Files.createSymbolicLink(allowed.resolve("inside"), allowed.resolve("image"));
    Files.createSymbolicLink(allowed.resolve("outside"), secret);
    Files.createSymbolicLink(allowed.resolve("up"), folder);
    String prefix = "file://" + folder + "/allowed";

    assertThat(get(prefix + "/deep/image", prefix)).isEqualTo(IMAGE);
    assertThat(get(prefix + "/deep/inside", prefix)).isEqualTo(IMAGE);
    for (String link : List.of("/deep/outside", "/deep/up/secret")) {
      outcomes.clear();
      assertThat(refusal(prefix + link, prefix)).contains("leads out of the folders");
    }
    outcomes.clear();
    assertThat(refusal(prefix + "/deep", prefix)).endsWith("is not a regular file");
    outcomes.clear();
    assertThat(failure(FetchObserver.Outcome.FAILED, prefix + "/none", prefix))
        .startsWith("there is no file");
    outcomes.clear();
    assertThat(failure(FetchObserver.Outcome.FAILED, prefix + "/deep/large", prefix))
        .contains("more than image.max.bytes");
  }

  /** What is checked is what is sent. */
  @Test
  void shouldEncodeWhatIsNotAscii() throws Exception {
    assertThatThrownBy(() -> get(root + "1\u6f22")).hasMessageContaining("HTTP 404");
    assertThat(asked).containsExactly("/in/1%E6%BC%A2");

    Files.write(folder.resolve("image"), IMAGE);
    Path deep = Path.of(URI.create(folder.toUri() + "%E6%BC%A2"));
    Files.createSymbolicLink(deep, folder.resolve("image"));
    String prefix = "file://" + folder;
    assertThat(get(prefix + "/\u6f22", prefix)).isEqualTo(IMAGE);
  }

  @Test
  void shouldTakeAnIpv6AddressForAPrivateHost() throws Exception {
    int port = server.getAddress().getPort();
    server("127.0.0.1", port, askedInside);
    names = resolver("127.0.0.1");
    String address = "http://[::1]:" + port + "/in/";
    assertThat(refusal(address + "image", address)).contains("the host ::1 has the IP address");

    privateHosts = Set.of("::1");
    assertThat(get(address + "image", address)).isEqualTo(IMAGE);
  }
}

package dev.vmoe.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.apache.hc.client5.http.DnsResolver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Fetches from servers of every kind. The host {@code images.test} has the address 127.0.0.2, which
 * stands for a public one here; 127.0.0.1 is what it is.
 */
class FetchingTest {

  private static final int MAX_IMAGE_BYTES = 3 * FetchLine.FIRST_BYTES;
  private static final byte[] IMAGE = {1, 2, 3, 4};

  @TempDir private Path folder;

  private final ExecutorService handlers = Executors.newCachedThreadPool();
  private final CountDownLatch over = new CountDownLatch(1);
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  private final Queue<String> askedInside = new ConcurrentLinkedQueue<>();
  private final Queue<FetchObserver.Outcome> outcomes = new ConcurrentLinkedQueue<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private HttpServer server;
  private String root;
  private Duration timeout = Duration.ofSeconds(20);
  private int atOnce = 8;
  private volatile long maxBytes = 1L << 30;
  private Set<String> privateHosts = Set.of();
  private DnsResolver names = resolver("127.0.0.2");

  @BeforeEach
  void serve() throws IOException {
    server = server("127.0.0.2", 0, asked);
    root = "http://images.test:" + server.getAddress().getPort() + "/in/";
  }

  @AfterEach
  void close() throws Exception {
    over.countDown();
    for (AutoCloseable it : open) {
      it.close();
    }
    handlers.shutdownNow();
  }

  private HttpServer server(String address, int port, Queue<String> requests) throws IOException {
    HttpServer its = HttpServer.create(new InetSocketAddress(address, port), 0);
    its.setExecutor(handlers);
    its.createContext(
        "/",
        exchange -> {
          requests.add(exchange.getRequestURI().toString());
          String path = exchange.getRequestURI().getPath();
          answer(exchange, path.substring(path.lastIndexOf('/') + 1));
        });
    its.start();
    open.add(() -> its.stop(0));
    return its;
  }

  private void answer(HttpExchange exchange, String what) throws IOException {
    try (exchange) {
      switch (what) {
        case "image" -> send(exchange, 200, IMAGE);
        case "large" -> send(exchange, 200, new byte[MAX_IMAGE_BYTES]);
        case "too-large" -> exchange.sendResponseHeaders(200, MAX_IMAGE_BYTES + 1L);
        case "missing", "1\u6f22" -> send(exchange, 404, new byte[10]);
        case "second-time" -> send(exchange, times(what) == 1 ? 500 : 200, IMAGE);
        case "failing" -> send(exchange, 503, new byte[0]);
        case "hanging" -> awaitOver();
        case "cut" -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(IMAGE);
        }
        case "endless" -> {
          exchange.sendResponseHeaders(200, 0);
          pour(exchange.getResponseBody(), 64 * 1024, 0);
        }
        case "dripping" -> {
          exchange.sendResponseHeaders(200, 0);
          pour(exchange.getResponseBody(), 1, 20);
        }
        default -> {
          exchange.getResponseHeaders().add("Location", target(what));
          send(exchange, 302, new byte[0]);
        }
      }
    }
  }

  private static String target(String what) {
    return switch (what) {
      case "to-image" -> "../in/image";
      case "to-itself" -> "to-itself";
      case "to-metadata" -> "http://169.254.169.254/latest/meta-data/";
      case "to-file" -> "file:///etc/passwd";
      case "out" -> "/private/image";
      default -> throw new IllegalArgumentException(what);
    };
  }

  private long times(String what) {
    return asked.stream().filter(it -> it.endsWith("/" + what)).count();
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  private void awaitOver() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends when nobody reads any more. */
  private static void pour(OutputStream out, int bytes, long pauseMs) throws IOException {
    try {
      while (true) {
        out.write(new byte[bytes]);
        out.flush();
        Thread.sleep(pauseMs);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns a resolver that gives these addresses one after the other, and the last for ever. */
  private static DnsResolver resolver(String... addresses) {
    Queue<String> left = new ConcurrentLinkedQueue<>(List.of(addresses));
    return new DnsResolver() {
      @Override
      public InetAddress[] resolve(String host) throws UnknownHostException {
        boolean literal = Character.isDigit(host.charAt(0));
        String now = literal ? host : left.size() > 1 ? left.remove() : left.element();
        return new InetAddress[] {InetAddress.getByName(now)};
      }

      @Override
      public String resolveCanonicalHostname(String host) {
        return host;
      }
    };
  }

  private FetchLine line(String... prefixes) {
    return fetching(prefixes).openLine();
  }

  private Fetching fetching(String... prefixes) {
    FetchBounds bounds =
        new FetchBounds(
            Stream.concat(Stream.of(root), Stream.of(prefixes)).toList(),
            privateHosts,
            atOnce,
            timeout,
            MAX_IMAGE_BYTES,
            () -> maxBytes);
    Fetching fetching =
        new Fetching(
            bounds,
            (outcome, nanos) -> outcomes.add(outcome),
            new CheckedNames(names, privateHosts, it -> it.getHostAddress().equals("127.0.0.2")));
    open.add(0, fetching);
    return fetching;
  }

  private byte[] get(String address, String... prefixes) throws FetchException {
    Fetch fetch = line(prefixes).fetch(0, address);
    await().until(fetch::isOver);
    return fetch.image();
  }

  private String failure(FetchObserver.Outcome outcome, String address, String... prefixes) {
    FetchException[] reason = new FetchException[1];
    assertThatThrownBy(() -> get(address, prefixes))
        .isInstanceOfSatisfying(FetchException.class, it -> reason[0] = it);
    await().untilAsserted(() -> assertThat(outcomes).containsExactly(outcome));
    return reason[0].getMessage();
  }

  private String refusal(String address, String... prefixes) {
    return failure(FetchObserver.Outcome.REFUSED, address, prefixes);
  }

  private String failure(String address) {
    return failure(FetchObserver.Outcome.FAILED, address);
  }

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
        .contains("the host images.test has the address 127.0.0.1, which is not public");
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

  @Test
  void shouldLeaveRoomBesideALineThatHangs() throws Exception {
    Fetching fetching = fetching();
    FetchLine hanging = fetching.openLine();
    for (int i = 0; i < 20; i++) {
      hanging.fetch(i, root + "hanging");
    }
    await().until(() -> times("hanging") == 4);

    FetchLine other = fetching.openLine();
    List<Fetch> images = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      images.add(other.fetch(i, root + "image"));
    }
    await().until(() -> images.stream().allMatch(Fetch::isOver));
    assertThat(times("hanging")).as("half of what may be at once").isEqualTo(4);
    assertThat(fetching.bytes()).isEqualTo(4L * FetchLine.FIRST_BYTES + 20 * IMAGE.length);

    hanging.close();
    await().until(() -> fetching.bytes() == 20 * IMAGE.length);
    for (int i = 0; i < 20; i++) {
      other.taken(i);
      other.answered(i);
    }
    assertThat(fetching.bytes()).isZero();
  }

  @Test
  void shouldStartTheNextImageWhateverTheRoomOnceNoneBeforeItHasAny() throws Exception {
    maxBytes = 0;
    Fetching fetching = fetching();
    FetchLine line = fetching.openLine();
    Fetch first = line.fetch(1, root + "large");
    Fetch second = line.fetch(2, root + "image");
    await().until(first::isOver);
    line.startMore();
    assertThat(times("image")).as("the second waits for room").isZero();

    assertThat(first.image()).hasSize(MAX_IMAGE_BYTES);
    line.taken(1);
    line.startMore();
    assertThat(fetching.bytes()).as("one image beyond the bound").isEqualTo(MAX_IMAGE_BYTES);
    line.answered(1);
    line.startMore();
    await().until(second::isOver);
    assertThat(second.image()).isEqualTo(IMAGE);
  }

  @Test
  void shouldCutOffWhatNobodyWantsAnyMore() {
    timeout = Duration.ofMinutes(2);
    Fetching fetching = fetching();
    FetchLine line = fetching.openLine();
    line.fetch(1, root + "hanging");
    await().until(() -> times("hanging") == 1);
    line.taken(1);
    line.answered(1);
    await().until(() -> fetching.bytes() == 0);
  }

  @Test
  void shouldSayWhenTheNextImageIsSlowForWantOfNoRoom() throws Exception {
    maxBytes = 0;
    FetchLine line = line();
    Fetch first = line.fetch(1, root + "hanging");
    Fetch second = line.fetch(2, root + "image");
    await().until(first::isSlow);
    assertThat(second.isSlow()).as("it waits for room").isFalse();
    line.close();
    assertThat(first.isSlow()).isFalse();
  }

  @Test
  void shouldAskAgainForWhatIsLargerThanThereWasRoomFor() throws Exception {
    maxBytes = 4 * FetchLine.FIRST_BYTES; // beside the first, which has 1, it would have 3 of 4
    Fetching fetching = fetching();
    FetchLine line = fetching.openLine();
    line.fetch(1, root + "hanging");
    Fetch large = line.fetch(2, root + "large");
    await().until(() -> times("large") == 1 && fetching.bytes() == FetchLine.FIRST_BYTES);
    assertThat(large.isOver()).isFalse();

    maxBytes = 100 * FetchLine.FIRST_BYTES;
    line.startMore();
    await().until(large::isOver);
    assertThat(large.image()).hasSize(MAX_IMAGE_BYTES);
    assertThat(times("large")).isEqualTo(2);
  }

  /** What is checked is what is sent. */
  @Test
  void shouldEncodeWhatIsNotAscii() throws Exception {
    assertThatThrownBy(() -> get(root + "1\u6f22")).hasMessageContaining("HTTP 404");
    assertThat(asked).containsExactly("/in/1%E6%BC%A2");
    assertThat(addresses().require("https://a.test/in/\u00e9?\u00e9"))
        .hasToString("https://a.test/in/%C3%A9?%C3%A9");

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
    assertThat(refusal(address + "image", address)).contains("the host ::1 has the address");

    privateHosts = Set.of("::1");
    assertThat(get(address + "image", address)).isEqualTo(IMAGE);
  }

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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "168.63.129.16",
        "169.254.169.254",
        "172.31.255.255",
        "192.0.0.1",
        "192.168.1.1",
        "198.19.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::7f00:1",
        "64:ff9b::a00:1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
      })
  void shouldTakeNoSpecialAddressForPublic(String address) throws Exception {
    assertThat(PublicAddresses.isPublic(InetAddress.getByName(address))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "100.63.0.1",
        "100.128.0.1",
        "172.32.0.1",
        "2606:4700::1111",
        "2a00::1"
      })
  void shouldKnowPublicAddresses(String address) throws Exception {
    assertThat(PublicAddresses.isPublic(InetAddress.getByName(address))).isTrue();
  }
}

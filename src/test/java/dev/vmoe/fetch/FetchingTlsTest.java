package dev.vmoe.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.vmoe.Certificates;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hc.client5.http.impl.InMemoryDnsResolver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Fetches from a server whose certificate is for 127.0.0.1 and no name. */
class FetchingTlsTest {

  private static final String TRUST = "javax.net.ssl.trustStore";
  private static final String TRUST_PASSWORD = "javax.net.ssl.trustStorePassword";
  private static final byte[] IMAGE = {1, 2, 3, 4};

  private final AtomicInteger asked = new AtomicInteger();
  private HttpsServer server;

  @BeforeEach
  void serve() throws Exception {
    Certificates certificates = Certificates.shared();
    System.setProperty(TRUST, certificates.trustStore().toString());
    System.setProperty(TRUST_PASSWORD, Certificates.PASSWORD);
    server = HttpsServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(certificates.context()));
    server.createContext(
        "/",
        exchange -> {
          asked.incrementAndGet();
          try (exchange) {
            exchange.sendResponseHeaders(200, IMAGE.length);
            exchange.getResponseBody().write(IMAGE);
          }
        });
    server.start();
  }

  @AfterEach
  void stop() {
    distrust();
    server.stop(0);
  }

  private static void distrust() {
    System.clearProperty(TRUST);
    System.clearProperty(TRUST_PASSWORD);
  }

  private Fetching fetching(Duration timeout) {
    FetchBounds bounds =
        new FetchBounds(
            List.of(address("127.0.0.1"), address("images.test")),
            Set.of(),
            8,
            timeout,
            1000,
            () -> 1L << 30);
    InMemoryDnsResolver names = new InMemoryDnsResolver();
    names.add("127.0.0.1", server.getAddress().getAddress());
    names.add("images.test", server.getAddress().getAddress());
    return new Fetching(
        bounds, (outcome, nanos) -> {}, new PublicHosts(names, Set.of(), it -> true));
  }

  private String address(String host) {
    return "https://" + host + ":" + server.getAddress().getPort() + "/in";
  }

  @Test
  void shouldTakeImagesOfServersThatHaveProvedTheirNamesAlone() throws Exception {
    try (Fetching patient = fetching(Duration.ofSeconds(60));
        Fetching trusting = fetching(Duration.ofMillis(1500));
        Fetching others = fetching(Duration.ofMillis(1500))) {
      Fetch right = patient.openFetchAhead().fetch(0, address("127.0.0.1"));
      await().atMost(Duration.ofSeconds(60)).until(right::isOver);
      assertThat(right.image()).isEqualTo(IMAGE);

      Fetch otherName = trusting.openFetchAhead().fetch(0, address("images.test"));
      await().until(otherName::isOver);
      distrust();
      Fetch unknown = others.openFetchAhead().fetch(0, address("127.0.0.1"));
      await().until(unknown::isOver);

      assertThatThrownBy(otherName::image)
          .isInstanceOf(FetchException.class)
          .hasMessageContaining("No name matching images.test");
      assertThatThrownBy(unknown::image)
          .isInstanceOf(FetchException.class)
          .hasMessageContaining("unable to find valid certification path");
      assertThat(asked).as("requests sent").hasValue(1);
    }
  }
}

package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** An address that hangs holds its partition, and no other; then all is answered once, in order. */
@Timeout(120)
@ExtendWith(CrashesBorne.class)
class ImagesByAddressIT {

  private static final int HANGING = 0;
  private static final int OTHER = 1;
  private static final int IMAGES = 200;
  private static final int BEFORE = 70;
  private static final String URI_LIST = "text/uri-list";

  private final CountDownLatch answers = new CountDownLatch(1);

  @Test
  void shouldHoldOnePartitionAndAnswerAllExactlyOnceAndInOrder() throws Exception {
    ExecutorService handlers = Executors.newCachedThreadPool();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(handlers);
    server.createContext("/", this::answer);
    server.start();
    String root = "http://127.0.0.1:" + server.getAddress().getPort() + "/in/";
    try (Workbench workbench = Workbench.open(2);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            Pipeline.start(settings(workbench, root), classifier, new FakeDecoder(8 * 8 * 3));
        Answers read = Answers.of(workbench)) {
      for (int i = 0; i < IMAGES; i++) {
        send(workbench, HANGING, i, root + (i == BEFORE ? "hanging" : i));
        send(workbench, OTHER, i, root + i);
      }
      workbench.flush();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> read.poll() == BEFORE + IMAGES && pipeline.failure().isEmpty());
      assertThat(offsets(read, HANGING)).hasSize(BEFORE - 2);

      classifier.failNext(1);
      answers.countDown();
      await().atMost(Duration.ofSeconds(60)).until(() -> read.poll() >= 2 * IMAGES);

      read.assertExactlyOnce();
      assertThat(read.letters.records).hasSize(2 * IMAGES / 40);
      assertThat(offsets(read, HANGING)).isSorted();
      assertThat(offsets(read, OTHER)).isSorted();
    } finally {
      answers.countDown();
      server.stop(0);
      handlers.shutdownNow();
    }
  }

  private static Settings settings(Workbench workbench, String root) {
    return workbench.settings(
        Map.of(
            Settings.FETCH_PREFIXES,
            root,
            Settings.FETCH_PRIVATE_HOSTS,
            "127.0.0.1",
            Settings.FETCH_TIMEOUT_MS,
            60_000,
            "streams.num.stream.threads",
            1));
  }

  /**
   * Sends, with one key so that the answers have one partition: one in ten with its bytes, and one
   * in forty with an address where nothing is.
   */
  private static void send(Workbench workbench, int partition, int i, String address) {
    if (i % 10 == 5) {
      workbench.send(partition, "of " + partition, FakeDecoder.grey(i));
    } else {
      String its = i % 40 == 20 ? address + "/missing" : address;
      workbench.sendBytes(
          partition, "of " + partition, its.getBytes(), Map.of("content-type", URI_LIST));
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    try (exchange) {
      if (path.endsWith("/missing")) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      if (path.endsWith("hanging")) {
        answers.await();
      }
      exchange.sendResponseHeaders(200, 1);
      exchange.getResponseBody().write(FakeDecoder.grey(path.hashCode()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static List<Long> offsets(Answers read, int partition) {
    List<Long> offsets = new ArrayList<>();
    for (Prediction answer : read.predictions.read) {
      if (answer.getSourcePartition() == partition) {
        offsets.add(answer.getSourceOffset());
      }
    }
    return offsets;
  }
}

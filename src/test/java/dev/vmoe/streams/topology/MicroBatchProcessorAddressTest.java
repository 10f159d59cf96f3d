package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.commit.PartitionQueue;
import dev.vmoe.streams.metrics.Metric;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/** An image by address takes its place among the others, and no thread waits for it. */
class MicroBatchProcessorAddressTest extends ProcessorFixture {

  private final CountDownLatch slow = new CountDownLatch(1);
  private final Set<String> asked = ConcurrentHashMap.newKeySet();

  /** A server that has images of the grey in their name; those below 10 are slow. */
  private void serve() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ExecutorService handlers = Executors.newCachedThreadPool();
    server.setExecutor(handlers);
    server.createContext(
        "/in/",
        exchange -> {
          String name = exchange.getRequestURI().getPath().substring("/in/".length());
          asked.add(name);
          try (exchange) {
            if (name.equals("none")) {
              exchange.sendResponseHeaders(404, -1);
              return;
            }
            int grey = Integer.parseInt(name);
            if (grey < 10) {
              slow.await();
            }
            exchange.sendResponseHeaders(200, 1);
            exchange.getResponseBody().write(FakeDecoder.grey(grey));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    server.start();
    open.add(handlers::shutdownNow);
    open.add(() -> server.stop(0));
    open.add(slow::countDown);
    fetchPrefix = "http://127.0.0.1:" + server.getAddress().getPort() + "/in";
    start();
  }

  private void sendAddress(String name) {
    sendAddress(name, null);
  }

  private void sendAddress(String name, Instant deadline) {
    byte[] value =
        requests.serialize(
            "images",
            ImageRequest.newBuilder()
                .setImageUrl(fetchPrefix + "/" + name)
                .setDeadline(deadline)
                .build());
    images.pipeInput(bytes(name), value, NOON);
  }

  private PartitionQueue queue() {
    return guard.queues().owned().get(IMAGES);
  }

  @Test
  void shouldAnswerInOrderAndFetchAheadOfIt() throws Exception {
    serve();
    send("bytes", 20);
    sendAddress("1");
    sendAddress("30");
    send("bytes", 40);
    RecordHeaders headers = new RecordHeaders();
    headers.add("content-type", bytes("text/uri-list"));
    images.pipeInput(new TestRecord<>(bytes("list"), bytes(fetchPrefix + "/50"), headers, NOON));
    awaitAnswers(1);
    await().until(() -> asked.containsAll(Set.of("1", "30", "50")));
    driver.advanceWallClockTime(Duration.ofSeconds(30));

    assertThat(predictions.getQueueSize()).isEqualTo(1);
    assertThat(committable(5)).isEqualTo(1);
    assertThat(guard.queues().fetching()).isEqualTo(4);
    assertThat(guard.queues().held()).as("held for other reasons").isZero();
    assertThat(queue().isBlocked()).isFalse();
    await().until(queue()::waitsForSlowFetch);

    slow.countDown();
    awaitAnswers(5);
    assertThat(predictions.readValuesToList())
        .extracting(Prediction::getSourceOffset)
        .containsExactly(0L, 1L, 2L, 3L, 4L);
    assertThat(committable(5)).isEqualTo(5);
    assertThat(guard.queues().fetching()).isZero();
    assertThat(guard.queues().inFlightBytes()).isZero();
    assertThat(asked).containsExactlyInAnyOrder("1", "30", "50");
  }

  @Test
  void shouldGiveAReasonForEachImageThatDoesNotCome() throws Exception {
    serve();
    sendAddress("none?signature=1");
    String elsewhere = "https://elsewhere.test/in/1";
    byte[] value =
        requests.serialize("images", ImageRequest.newBuilder().setImageUrl(elsewhere).build());
    images.pipeInput(bytes("elsewhere"), value, NOON);
    send("bytes", 20);
    awaitAnswers(3);

    TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
    assertThat(header(letter.headers(), DeadLetter.EXCEPTION)).isEqualTo("dev.vmoe.NotFetched");
    assertThat(header(letter.headers(), DeadLetter.MESSAGE)).startsWith("HTTP 404 from http://");
    assertThat(letter.headers())
        .as("headers, reason and stack trace")
        .allSatisfy(it -> assertThat(new String(it.value())).doesNotContain("signature"));
    letter = deadLetters.readRecord();
    assertThat(letter.value()).isEqualTo(value);
    assertThat(header(letter.headers(), DeadLetter.EXCEPTION)).isEqualTo("dev.vmoe.NotFetched");
    assertThat(header(letter.headers(), DeadLetter.MESSAGE))
        .startsWith("fetch.prefixes does not allow the address " + elsewhere);
    assertThat(predictions.readValuesToList()).hasSize(1);
    assertThat(meters.read().value(Metric.IMAGES_DEAD_LETTERED, "fetch")).isEqualTo(2);
  }

  /** Images by address are load like others; only the wait for a slow server is none. */
  @Test
  void shouldCountAsLoadUnlessTheFetchIsSlow() throws Exception {
    serve();
    sendAddress("30");
    await()
        .untilAsserted(
            () ->
                assertThat(LagMonitor.reading(queue(), 10, 0))
                    .as("there, and not let go yet")
                    .isEqualTo(new Backlog.PartitionReading(10, 0, 1)));
    assertThat(guard.queues().fetching()).as("the thread may be long in coming").isZero();
    assertThat(guard.queues().held()).as("held for other reasons").isZero();
    awaitAnswers(1);

    sendAddress("1");
    await().until(queue()::waitsForSlowFetch);
    assertThat(LagMonitor.reading(queue(), 10, 1))
        .as("it arrives, and nothing waits for the model")
        .isEqualTo(new Backlog.PartitionReading(10, 10, 1));
    slow.countDown();
    await().until(() -> !queue().waitsForSlowFetch());
    assertThat(LagMonitor.reading(queue(), 10, 1).emitted()).isEqualTo(1);
    awaitAnswers(2);
  }

  @Test
  void shouldNotFetchWhatIsTooLate() throws Exception {
    serve();
    sendAddress("1", NOON.plusSeconds(60));
    sendAddress("20", NOON.minusSeconds(1));
    sendAddress("30", NOON.plusSeconds(3600));
    await().until(() -> asked.containsAll(Set.of("1", "30")));
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    assertThat(deadLetters.getQueueSize()).isZero();

    now = NOON.plusSeconds(61);
    awaitAnswers(3);
    assertThat(deadLetters.readRecordsToList())
        .allSatisfy(
            letter ->
                assertThat(header(letter.headers(), DeadLetter.EXCEPTION))
                    .isEqualTo("dev.vmoe.Expired"))
        .extracting(letter -> new String(letter.key()))
        .containsExactly("1", "20");
    assertThat(asked).containsExactlyInAnyOrder("1", "30");
  }

  @Test
  void shouldForgetWhatATaskThatIsClosedFetches() throws Exception {
    serve();
    sendAddress("1");
    sendAddress("2");
    await().until(() -> asked.containsAll(Set.of("1", "2")));

    open.remove(driver);
    driver.close();

    assertThat(guard.queues().fetching()).isZero();
    assertThat(guard.queues().owned()).isEmpty();
  }
}

package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.vmoe.app.cli.Rights.Right;
import dev.vmoe.app.cli.SecuredBench.Outcome;
import dev.vmoe.app.console.ConfigurationChange;
import dev.vmoe.app.console.RunningView;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.PipelineException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/** Each user has the rights that security.md lists, and needs every one of them. */
class RightsIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final String IMAGE = "of-rights.grey";

  private static SecuredBench bench;

  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.vmoe");
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @TempDir private Path folder;

  @BeforeAll
  static void open() throws Exception {
    bench = SecuredBench.open();
  }

  @BeforeEach
  void listen() throws Exception {
    log.start();
    logger.addAppender(log);
    assertThat(create().code()).isZero();
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(log);
  }

  private Outcome create() throws Exception {
    return run("topics", "topics", "create");
  }

  private Outcome run(String user, String... command) throws Exception {
    return SecuredBench.run(folder, bench.settings(user), command);
  }

  private Outcome produce() throws Exception {
    Path image = Files.write(folder.resolve(IMAGE), FakeDecoder.grey(200));
    return run("producer", "produce", image.toString());
  }

  private Outcome consume() throws Exception {
    return run("consumer", "consume", "--from-beginning", "--timeout", "1");
  }

  @Test
  void shouldBringAnImageThroughWithEachUsersOwnRights() throws Exception {
    try (FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = SecuredBench.pipeline(bench.settings("pipeline"), classifier)) {
      assertThat(pipeline.awaitRunning(LIMIT)).isTrue();
      Outcome produced = produce();
      assertThat(produced.code()).as("%s", produced).isZero();
      await()
          .atMost(LIMIT)
          .untilAsserted(
              () ->
                  assertThat(consume().out().lines())
                      .anyMatch(line -> line.contains(IMAGE) && line.contains("grey-7")));
      for (String[] command :
          new String[][] {{"config", "set", "routing=vanilla"}, {"config", "reset"}}) {
        Outcome edited = run("editor", command);
        assertThat(edited.code()).as("%s", edited).isZero();
      }
    }
    assertThat(said()).isEmpty();
  }

  @Test
  void shouldLetThePageOfAPipelineThatMayWriteConfigurationsDoSo() throws Exception {
    try (FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = SecuredBench.pipeline(bench.settings("console"), classifier)) {
      assertThat(change(pipeline, classifier)).startsWith("configuration ");
    }
  }

  private String change(Pipeline pipeline, FakeClassifier classifier) {
    Settings settings = SecuredBench.load(bench.settings("console"));
    var seen = pipeline.configuration().seen();
    return new RunningView(settings, List.of(), pipeline)
        .change(
            new ConfigurationChange(
                seen.version(),
                Map.of("target.latency.ms", Long.toString(1_000 + System.nanoTime() % 1_000_000)),
                null,
                null));
  }

  static Stream<Right> rights() {
    return Rights.listed().stream();
  }

  @ParameterizedTest
  @MethodSource("rights")
  void shouldSayWhatToAllowWhereARightIsMissing(Right right) throws Exception {
    if (right.operation() == AclOperation.CREATE) {
      forget(right);
    }
    bench.revoke(List.of(right.granted(right.user())));
    try {
      List<String> said = new ArrayList<>(attempt(right));
      String name = right.name().replace("*", "");
      assertThat(said)
          .as("what is said without %s", right)
          .anySatisfy(
              line ->
                  assertThat(line)
                      .contains("allow it", right.operationName(), name, "src/docs/security.md"));
    } finally {
      bench.grant(List.of(right.granted(right.user())));
    }
  }

  /** A right to create topics is needed only while they are missing. */
  private static void forget(Right right) throws Exception {
    String prefix = right.name().replace("*", "");
    Set<String> topics =
        bench.admin.listTopics().names().get().stream()
            .filter(topic -> topic.startsWith(prefix))
            .collect(Collectors.toSet());
    bench.admin.deleteTopics(topics).all().get();
    await()
        .atMost(LIMIT)
        .until(() -> bench.admin.listTopics().names().get().stream().noneMatch(topics::contains));
  }

  /** Does the work of a user and returns the messages to the user. */
  private List<String> attempt(Right right) throws Exception {
    return switch (right.user()) {
      case "pipeline" -> runPipeline(right);
      case "console" -> writeFromConsole();
      case "producer" -> List.of(refused(produce()));
      case "consumer" -> List.of(refused(consume()));
      case "editor" -> List.of(refused(run("editor", "config", "set", "routing=vanilla")));
      case "topics" -> List.of(refused(create()));
      default -> throw new IllegalArgumentException("nobody tries " + right);
    };
  }

  private static String refused(Outcome outcome) {
    assertThat(outcome.code()).isEqualTo(VmoeCommand.FAILED);
    assertThat(outcome.err().lines()).hasSize(1);
    return outcome.err();
  }

  private List<String> runPipeline(Right right) throws Exception {
    boolean ofImages = right.on() != ResourceType.TOPIC;
    List<String> said = new ArrayList<>();
    try (FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = SecuredBench.pipeline(bench.settings("pipeline"), classifier)) {
      produce();
      await()
          .dontCatchUncaughtExceptions() // which is how stream threads end
          .atMost(LIMIT)
          .until(
              () -> {
                said.clear();
                said.addAll(said());
                pipeline.failure().map(Throwable::getMessage).ifPresent(said::add);
                return ofImages
                    ? pipeline.failure().isPresent()
                    : said.stream().anyMatch(line -> line.contains("allow it"));
              });
      assertThat(pipeline.failure().isPresent()).isEqualTo(ofImages);
    } catch (PipelineException e) {
      said.add(String.valueOf(e.getMessage()));
    }
    return said;
  }

  private List<String> writeFromConsole() {
    try (FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = SecuredBench.pipeline(bench.settings("console"), classifier)) {
      return List.of(change(pipeline, classifier));
    } catch (RuntimeException e) {
      return List.of(String.valueOf(e.getMessage()));
    }
  }

  /** Returns the warnings and errors in the log that speak of rights. */
  private List<String> said() {
    return List.copyOf(log.list).stream()
        .map(ILoggingEvent::getFormattedMessage)
        .filter(line -> line.contains("allow it") || line.contains("uthorized"))
        .toList();
  }
}

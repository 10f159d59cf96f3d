package dev.vmoe.streams.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.moe.Routing;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {

  @Test
  void shouldWorkWithoutAnySetting() {
    Settings settings = new Settings(Map.of());

    assertThat(settings.topic("images")).isEqualTo("vmoe.images");
    assertThat(LiveSettings.of(settings).capacity().routing()).isEqualTo(Routing.BATCH_PRIORITY);
    assertThat(settings.runLayouts().get(0))
        .isEqualTo(new RunLayout(1, Runtime.getRuntime().availableProcessors()));
    assertThat(settings.decodeThreads(true)).isGreaterThanOrEqualTo(settings.decodeThreads(false));
    assertThat(settings.decodeThreads(false)).isPositive();
  }

  @Test
  void shouldTakeNamesOfTopicsFromSettingsAndTheOthersFromThePrefix() {
    Settings settings =
        new Settings(
            Map.of(
                "topic.prefix", "p.", "topics.images", "north , south", "topics.config", "c.log"));

    assertThat(settings.topics("images")).containsExactly("north", "south");
    assertThat(settings.topic("images")).isEqualTo("north");
    assertThat(settings.topic("config")).isEqualTo("c.log");
    assertThat(settings.topic("predictions")).isEqualTo("p.predictions");
    assertThat(settings.setsTopic("config")).isTrue();
    assertThat(settings.setsTopic("predictions")).isFalse();
    assertThat(settings.topic("of another kind")).isEqualTo("p.of another kind");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          topics.images      | a,b,a            | 'a' is named twice by topics.images
          topics.predictions | vmoe.images      | 'vmoe.images' is named by topics.images and topics.predictions
          topics.images      | a,vmoe_config    | 'vmoe.config' is named by topics.images and topics.config
          topics.images.dlq  | vmoe.predictions | 'vmoe.predictions' is named by topics.predictions and topics.images.dlq
          """)
  void shouldRefuseTwoTopicsOfOneName(String key, String value, String message) {
    assertThatThrownBy(() -> new Settings(Map.of(key, value)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message)
        .hasMessageContaining("give each topic a name of its own");
  }

  @Test
  void shouldSayWhatToDoWhenTheModelIsNeededAndNotSet() {
    assertThatThrownBy(() -> new Settings(Map.of()).model())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("model is not set")
        .hasMessageContaining("vmoe model import");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          batch.max.images  | 0          | '0' is not a whole number in [1,...,4096]
          batch.max.images  | many       | 'many' is not a whole number in [1,...,4096]
          fetch.timeout.ms  | 0          | '0' is not a whole number in [100,...,600000]
          capacity.ratio    | -0.05      | '-0.05' is not a number above 0
          capacity.ratio    | NaN        | 'NaN' is not a number above 0
          capacity.ratio    | Infinity   | 'Infinity' is not a number above 0
          device            | gpu        | 'gpu' is not auto, cpu, cuda or cuda:N
          routing           | random     | 'random' is not [bpr, vanilla]
          bootstrap.servers | localhost  | 'localhost' is not host:port,host:port
          topic.prefix      | a/b        | 'a/b' is not letters
          topics.images     | a, ..      | 'a, ..' is not names of topics, separated by commas
          topics.images     | a,,b       | 'a,,b' is not names of topics, separated by commas
          topics.predictions | a,b       | 'a,b' is not a topic's name: at most 249 letters
          schema.registry.url | localhost:8081 | is not an address with http:// or https://
          tracing.otlp.endpoint | localhost:4318 | is not an address with http:// or https://
          """)
  void shouldNameValueAndWhatIsAllowed(String key, String value, String message) {
    assertThatThrownBy(() -> new Settings(Map.of(key, value)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(key + ": ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://a.test, file:///data/in/, http://[::1]:9000/x",
        "https://a-b.test:8443/in/2026",
        "",
      })
  void shouldTakePrefixesOfAddresses(String prefixes) {
    assertThatCode(() -> new Settings(Map.of(Settings.FETCH_PREFIXES, prefixes)))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.test",
        "*",
        "https://",
        "https://*.test/",
        "https://user@a.test/",
        "https://a.test/in/../",
        "https://a.test/%2e%2e/",
        "https://a.test/?x",
        "https://a.test/, ftp://a.test/",
        "file://a.test/in",
        "file:///in/..",
        "file://",
      })
  void shouldRefusePrefixesThatAreNotPlain(String prefixes) {
    assertThatThrownBy(() -> new Settings(Map.of(Settings.FETCH_PREFIXES, prefixes)))
        .hasMessageContaining("is not beginnings of addresses, as https://host/folder/");
  }

  @ParameterizedTest
  @CsvSource({
    "batch.max.image, batch.max.images",
    "batch.linger, batch.linger.ms",
    "capacity_ratio, capacity.ratio",
    "topics.prefix, topic.prefix",
    "stream.num.stream.threads, streams.num.stream.threads",
    "kafka.bootstrap.servers, bootstrap.servers",
  })
  void shouldSuggestTheNearestKnownName(String unknown, String known) {
    assertThatThrownBy(() -> new Settings(Map.of(unknown, "1")))
        .hasMessageContaining(unknown + ": unknown setting (did you mean " + known + "?)");
  }

  @Test
  void shouldNotSuggestANameThatIsFarAway() {
    assertThatThrownBy(() -> new Settings(Map.of("colour", "blue")))
        .hasMessage("colour: unknown setting");
  }

  @Test
  void shouldNameAllProblemsAtOnce() {
    assertThatThrownBy(() -> new Settings(Map.of("batch.max.images", "0", "nonsense", "1")))
        .hasMessageContaining("batch.max.images: ")
        .hasMessageContaining("nonsense: ");
  }

  @Test
  void shouldPassClientSettingsThrough() {
    Settings settings =
        new Settings(
            Map.of(
                "bootstrap.servers", "broker:9092",
                "streams.num.stream.threads", "2",
                "streams.security.protocol", "SSL",
                "consumer.max.poll.records", "50",
                "producer.linger.ms", "7",
                "admin.retries", "3",
                "registry.basic.auth.user.info", "me:it"));

    assertThat(settings.withPrefix(Settings.STREAMS_PREFIX))
        .containsOnly(Map.entry("num.stream.threads", "2"), Map.entry("security.protocol", "SSL"));
    assertThat(settings.consumerProperties())
        .containsEntry("bootstrap.servers", "broker:9092")
        .containsEntry("security.protocol", "SSL")
        .containsEntry("isolation.level", "read_committed")
        .containsEntry("max.poll.records", "50")
        .doesNotContainKeys("num.stream.threads", "linger.ms");
    assertThat(settings.producerProperties())
        .containsEntry("acks", "all")
        .containsEntry("enable.idempotence", true)
        .containsEntry("linger.ms", "7");
    assertThat(settings.adminProperties()).containsEntry("retries", "3");
    assertThat(settings.registryProperties()).containsOnlyKeys("basic.auth.user.info");
  }

  @ParameterizedTest
  @CsvSource({
    "streams.processing.guarantee, at_least_once, exactly-once delivery needs exactly_once_v2",
    "consumer.isolation.level, read_uncommitted, exactly-once delivery needs read_committed",
    "producer.acks, 1, exactly-once delivery needs all",
    "streams.application.id, other, set application.id instead",
    "streams.group.protocol, streams, partitions may stand still after a kill",
    "consumer.group.protocol, consumer, partitions may stand still after a kill",
    "consumer.bootstrap.servers, other:9092, set bootstrap.servers instead",
    "streams.processing.exception.handler, x.Handler, a handler could skip images",
    "streams.production.exception.handler, x.Handler, a handler could skip images",
    "streams.default.production.exception.handler, x.Handler, a handler could skip images",
    "streams.deserialization.exception.handler, x.Handler, a handler could skip images",
    "streams.default.deserialization.exception.handler, x.Handler, a handler could skip images",
    "streams.errors.dead.letter.queue.topic.name, letters, images.dlq",
  })
  void shouldRefuseClientSettingsThatBreakDelivery(String key, String value, String message) {
    assertThatThrownBy(() -> new Settings(Map.of(key, value)))
        .hasMessageStartingWith(key + ": ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "streams.",
        "streams.consumer.",
        "streams.main.consumer.",
        "streams.restore.consumer.",
        "streams.global.consumer.",
        "streams.producer.",
        "streams.admin.",
        "consumer.",
        "producer.",
        "admin."
      })
  void shouldGuardDeliveryUnderEveryClientsPrefix(String prefix) {
    Map<String, String> wrong =
        Map.of(
            "isolation.level", "read_uncommitted",
            "enable.auto.commit", "true",
            "auto.offset.reset", "latest",
            "acks", "1",
            "enable.idempotence", "false",
            "transactional.id", "mine",
            "group.id", "mine",
            "bootstrap.servers", "other:9092");

    wrong.forEach(
        (name, value) ->
            assertThatThrownBy(() -> new Settings(Map.of(prefix + name, value)))
                .hasMessageStartingWith(prefix + name + ": "));
    assertThatCode(() -> new Settings(Map.of(prefix + "acks", "all"))).doesNotThrowAnyException();
    assertThatCode(() -> new Settings(Map.of(prefix + "retry.backoff.ms", "7")))
        .doesNotThrowAnyException();
  }

  @Test
  void shouldNeverPrintSecretsNorHideWhatIsNone() {
    Settings settings =
        new Settings(
            Map.of(
                "streams.ssl.keystore.password", "hunter2",
                "streams.sasl.jaas.config", "... password=\"hunter2\";",
                "registry.basic.auth.user.info", "me:hunter2",
                "registry.bearer.auth.token", "hunter2",
                "consumer.ssl.keystore.key", "hunter2",
                "schema.registry.url", "https://ann:hunter2@one,https://ann:hunter2@two",
                "experts.per.token", "0",
                "consumer.max.poll.records", "50"));

    assertThat(settings.printable().toString()).doesNotContain("hunter2");
    assertThat(settings.printable())
        .containsEntry("consumer.max.poll.records", "50")
        .containsEntry("experts.per.token", "0")
        .containsEntry("registry.bearer.auth.token", "[hidden]")
        .containsEntry("schema.registry.url", "https://[hidden]@one,https://[hidden]@two")
        .containsEntry("batch.max.images", "32");
  }

  @Test
  void shouldTakeValuesFromConfigProviders() {
    Settings settings =
        new Settings(
            Map.of(
                "config.providers", "env",
                "config.providers.env.class",
                    "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
                "model", "${env:PATH}"));

    assertThat(settings.model()).isEqualTo(System.getenv("PATH"));
  }
}

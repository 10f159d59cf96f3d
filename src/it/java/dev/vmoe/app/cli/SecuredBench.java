package dev.vmoe.app.cli;

import static org.awaitility.Awaitility.await;

import dev.vmoe.Certificates;
import dev.vmoe.app.embedded.EmbeddedKafka;
import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.settings.SettingsLoader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;

/**
 * A broker with TLS, users and access control lists that deny by default, and a registry behind TLS
 * and a password, as all tests of this JVM share them. A user named as one of {@link Rights} has
 * that one's rights; {@link #ALL} has everybody's.
 */
final class SecuredBench {

  /** Has the rights of everybody in the table. */
  static final String ALL = "all";

  private static final List<String> USERS =
      List.of("pipeline", "console", "producer", "consumer", "editor", "topics", "map", ALL);

  private static SecuredBench shared;

  final Certificates certificates = Certificates.shared();
  final EmbeddedKafka kafka;
  final SecuredRegistry registry;
  final Admin admin;

  private SecuredBench() throws Exception {
    kafka = EmbeddedKafka.start(Files.createTempDirectory("vmoe-secured"), broker());
    registry = SecuredRegistry.before(SharedServers.registry().url(), certificates);
    Map<String, Object> properties = new HashMap<>();
    security("broker", password("broker")).forEach((key, value) -> properties.put(key, value));
    properties.put("bootstrap.servers", kafka.bootstrapServers());
    admin = Admin.create(properties);
    grant(
        USERS.stream()
            .flatMap(
                user ->
                    Rights.listed().stream()
                        .filter(right -> user.equals(ALL) || right.user().equals(user))
                        .map(right -> right.granted(user)))
            .toList());
    // the console is part of a pipeline
    grant(
        Rights.listed().stream()
            .filter(right -> right.user().equals("pipeline"))
            .map(right -> right.granted("console"))
            .toList());
  }

  static synchronized SecuredBench open() throws Exception {
    if (shared == null) {
      shared = new SecuredBench();
    }
    return shared;
  }

  private Map<String, String> broker() {
    String users =
        Stream.concat(USERS.stream(), Stream.of("broker"))
            .map(user -> " user_" + user + "='" + password(user) + "'")
            .collect(Collectors.joining());
    Map<String, String> broker = new HashMap<>();
    // The listener keeps its name.
    broker.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_SSL");
    broker.put("inter.broker.listener.name", "PLAINTEXT");
    broker.put("sasl.enabled.mechanisms", "PLAIN");
    broker.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
    broker.put(
        "listener.name.plaintext.plain.sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username='broker'"
            + " password='%s'%s;".formatted(password("broker"), users));
    broker.put("ssl.keystore.type", "PKCS12");
    broker.put("ssl.keystore.location", certificates.serverStore().toString());
    broker.put("ssl.keystore.password", Certificates.PASSWORD);
    broker.put("ssl.truststore.type", "PKCS12");
    broker.put("ssl.truststore.location", certificates.trustStore().toString());
    broker.put("ssl.truststore.password", Certificates.PASSWORD);
    broker.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
    // the controller's listener has no users
    broker.put("super.users", "User:broker;User:ANONYMOUS");
    return broker;
  }

  /** Returns a user's password, which is equal to nothing else. */
  static String password(String user) {
    return "kafka-password-" + user + "-1138";
  }

  /** Returns how Kafka's clients connect. */
  private Map<String, String> security(String user, String password) {
    return Map.of(
        "security.protocol",
        "SASL_SSL",
        "sasl.mechanism",
        "PLAIN",
        "sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username='%s' password='%s';"
            .formatted(user, password),
        "ssl.truststore.type",
        "PKCS12",
        "ssl.truststore.location",
        certificates.trustStore().toString(),
        "ssl.truststore.password",
        Certificates.PASSWORD);
  }

  /** Returns settings of a user with his password. */
  Map<String, String> settings(String user) {
    return settings(user, password(user));
  }

  Map<String, String> settings(String user, String password) {
    Map<String, String> settings = new HashMap<>();
    settings.put(Settings.BOOTSTRAP_SERVERS, kafka.bootstrapServers());
    settings.put(Settings.REGISTRY_URL, registry.url());
    security(user, password).forEach((key, value) -> settings.put("streams." + key, value));
    settings.put("registry.ssl.truststore.type", "PKCS12");
    settings.put("registry.ssl.truststore.location", certificates.trustStore().toString());
    settings.put("registry.ssl.truststore.password", Certificates.PASSWORD);
    settings.put(
        "registry.basic.auth.user.info", SecuredRegistry.USER + ":" + SecuredRegistry.PASSWORD);
    return settings;
  }

  /** Starts a pipeline with a model of the test. */
  static Pipeline pipeline(Map<String, String> settings, FakeClassifier classifier) {
    return Pipeline.start(load(settings), classifier, new FakeDecoder(8 * 8 * 3));
  }

  static Settings load(Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.put(Settings.MODEL, "none");
    return new SettingsLoader(Map.of()).load(null, all);
  }

  /** Output and exit code of a command. */
  record Outcome(int code, String out, String err) {}

  /** Runs a command with settings in a file. */
  static Outcome run(Path folder, Map<String, String> settings, String... arguments)
      throws IOException {
    Path file = folder.resolve("vmoe.properties");
    Files.writeString(
        file,
        settings.entrySet().stream()
            .map(setting -> setting.getKey() + " = " + setting.getValue().replace("\\", "\\\\"))
            .collect(Collectors.joining("\n")));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] all =
        Stream.concat(Stream.of(arguments), Stream.of("--settings", file.toString()))
            .toArray(String[]::new);
    int code =
        VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
            .execute(all);
    return new Outcome(code, out.toString(), err.toString());
  }

  /** Adds rights; returns when they are in effect. */
  void grant(Collection<AclBinding> rights) throws Exception {
    admin.createAcls(rights).all().get();
    await().until(() -> inEffect().containsAll(rights));
  }

  /** Takes rights back; returns when they are gone. */
  void revoke(Collection<AclBinding> rights) throws Exception {
    admin.deleteAcls(rights.stream().map(AclBinding::toFilter).toList()).all().get();
    await().until(() -> rights.stream().noneMatch(inEffect()::contains));
  }

  private Collection<AclBinding> inEffect() throws Exception {
    return admin.describeAcls(AclBindingFilter.ANY).values().get();
  }
}

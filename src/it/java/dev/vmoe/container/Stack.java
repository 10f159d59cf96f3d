package dev.vmoe.container;

import com.github.dockerjava.api.model.Capability;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * A broker, a registry, the topics and the pipeline's image in containers; the latter with a
 * read-only root file system and without capabilities.
 */
final class Stack implements AutoCloseable {

  private static final Duration LIMIT = Duration.ofSeconds(120);

  private final Network network = Network.newNetwork();
  private final int kafkaPort = freePort();
  private final GenericContainer<?> kafka;
  private final GenericContainer<?> registry;

  @SuppressWarnings("resource") // closed with this
  Stack() throws IOException {
    kafka =
        new GenericContainer<>(DockerImageName.parse("apache/kafka:4.3.1"))
            .withNetwork(network)
            .withNetworkAliases("kafka")
            .withEnv(kafkaEnvironment())
            .withCreateContainerCmdModifier(
                // Docker could give a restarted container another port.
                create ->
                    create
                        .getHostConfig()
                        .withPortBindings(
                            com.github.dockerjava.api.model.PortBinding.parse(
                                "127.0.0.1:" + kafkaPort + ":9092")))
            .waitingFor(
                Wait.forSuccessfulCommand(
                    "/opt/kafka/bin/kafka-broker-api-versions.sh --bootstrap-server kafka:19092"))
            .withStartupTimeout(LIMIT);
    registry =
        new GenericContainer<>(
                DockerImageName.parse("apicurio/apicurio-registry-kafkasql:2.6.13.Final"))
            .withNetwork(network)
            .withNetworkAliases("registry")
            .withEnv("KAFKA_BOOTSTRAP_SERVERS", "kafka:19092")
            .withEnv("REGISTRY_RULES_GLOBAL_COMPATIBILITY", "BACKWARD")
            .withExposedPorts(8080)
            .waitingFor(Wait.forHttp("/health/ready").forPort(8080).withStartupTimeout(LIMIT));
    try {
      kafka.start();
      registry.start();
      vmoe("topics", "create");
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private Map<String, String> kafkaEnvironment() {
    return Map.ofEntries(
        Map.entry("CLUSTER_ID", "4L6g3nShT-eMCtK--X86sw"),
        Map.entry("KAFKA_NODE_ID", "1"),
        Map.entry("KAFKA_PROCESS_ROLES", "broker,controller"),
        Map.entry(
            "KAFKA_LISTENERS",
            "INTERNAL://0.0.0.0:19092,EXTERNAL://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093"),
        Map.entry(
            "KAFKA_ADVERTISED_LISTENERS",
            "INTERNAL://kafka:19092,EXTERNAL://127.0.0.1:" + kafkaPort),
        Map.entry(
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
            "INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT"),
        Map.entry("KAFKA_INTER_BROKER_LISTENER_NAME", "INTERNAL"),
        Map.entry("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER"),
        Map.entry("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@kafka:9093"),
        Map.entry("KAFKA_LOG_DIRS", "/var/lib/kafka/data"),
        Map.entry("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1"),
        Map.entry("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1"),
        Map.entry("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1"),
        Map.entry("KAFKA_TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS", "1000"),
        Map.entry("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0"),
        Map.entry("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false"),
        Map.entry("KAFKA_MESSAGE_MAX_BYTES", "20971520"),
        Map.entry("KAFKA_REPLICA_FETCH_MAX_BYTES", "20971520"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Returns the broker's address on this machine. */
  String bootstrapServers() {
    return "127.0.0.1:" + kafkaPort;
  }

  /** Returns the registry's address on this machine. */
  String registryUrl() {
    return "http://" + registry.getHost() + ":" + registry.getMappedPort(8080) + "/apis/ccompat/v7";
  }

  /** Returns a container of the pipeline's image, not started, that runs this command. */
  @SuppressWarnings("resource") // the caller's, or closed with the network's containers
  GenericContainer<?> container(String... command) {
    return new GenericContainer<>(DockerImageName.parse(Docker.VMOE))
        .withNetwork(network)
        .withEnv("VMOE_BOOTSTRAP_SERVERS", "kafka:19092")
        .withEnv("VMOE_SCHEMA_REGISTRY_URL", "http://registry:8080/apis/ccompat/v7")
        .withTmpFs(Map.of("/tmp", "rw,noexec,nosuid"))
        .withCreateContainerCmdModifier(
            create ->
                create
                    .getHostConfig()
                    .withReadonlyRootfs(true)
                    .withCapDrop(Capability.ALL)
                    .withSecurityOpts(List.of("no-new-privileges")))
        .withCommand(command);
  }

  /** Starts an instance of the pipeline and waits until the image's check finds it healthy. */
  GenericContainer<?> startPipeline() {
    GenericContainer<?> pipeline =
        container("run")
            .withCreateContainerCmdModifier(
                create -> create.getHostConfig().withMemory(2L << 30).withMemorySwap(2L << 30))
            .waitingFor(Wait.forHealthcheck().withStartupTimeout(LIMIT));
    pipeline.start();
    return pipeline;
  }

  /** Runs a command of the pipeline's image to its end and returns its output. */
  String vmoe(String... command) {
    try (GenericContainer<?> once = container(command)) {
      once.withStartupCheckStrategy(new OneShotStartupCheckStrategy().withTimeout(LIMIT)).start();
      return once.getLogs();
    }
  }

  /** Restarts the broker, which keeps its data and its addresses. */
  void restartKafka() {
    DockerClientFactory.instance()
        .client()
        .restartContainerCmd(kafka.getContainerId())
        .withTimeout(10)
        .exec();
  }

  @Override
  public void close() {
    registry.stop();
    kafka.stop();
    network.close();
  }
}

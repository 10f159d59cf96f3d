package dev.vmoe.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import dev.vmoe.ServingClasses;
import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.kubernetes.Deployments.Deployed;
import dev.vmoe.streams.settings.Settings;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.RollingUpdateDeployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** What is deployed on Kubernetes, as far as it can be told without a cluster. */
class DeploymentsTest {

  private static final Map<String, String> SECRETS =
      Map.of(
          "ca.pem", "",
          "kafka.properties", "jaas = made-up-jaas",
          "registry.properties", "user = made-up-user");

  /** Beside what the parts of an instance wait for when it stops: the batch that runs. */
  private static final Duration RUN = Duration.ofSeconds(20);

  private static final BigDecimal NATIVE_BYTES = BigDecimal.valueOf(1L << 30);

  @TempDir private Path folder;

  static List<Deployed> all() throws IOException, InterruptedException {
    return Deployments.all();
  }

  @Test
  void shouldRefuseWhatTheTypesDoNotKnow() throws Exception {
    String yaml = Kustomize.overlay("keda");
    Manifests.read(yaml);

    for (String[] change :
        new String[][] {
          {"  replicas", "  replica"},
          {"maxReplicaCount: 6", "maxReplicas: 6"},
          {"automountServiceAccountToken: false", "automountServiceAccountToken: \"false\""},
          {"readOnlyRootFilesystem", "readOnlyRootFileSystem"},
          {"threshold: \"0.8\"", "threshold: 0.8"},
          {"targetLabel: job", "target_label: job"},
          {"unhealthyPodEvictionPolicy", "unhealthyPodPolicy"},
          {"kind: NetworkPolicy", "kind: NetworkPolicies"},
        }) {
      assertThat(yaml).contains(change[0]);
      String changed = yaml.replace(change[0], change[1]);
      assertThatThrownBy(() -> Manifests.read(changed))
          .as(change[1])
          .isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldKeepAllInOneNamespace(Deployed deployed) {
    String namespace = deployed.manifests().the(Namespace.class).getMetadata().getName();
    assertThat(deployed.manifests().namespaces()).containsOnly(namespace);
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldSelectThePodsByTheirLabels(Deployed deployed) {
    Manifests manifests = deployed.manifests();
    Deployment deployment = manifests.the(Deployment.class);
    Map<String, String> pods = manifests.pipeline().template().getMetadata().getLabels();
    Map<String, String> selector = deployment.getSpec().getSelector().getMatchLabels();
    assertThat(pods).containsAllEntriesOf(selector);
    assertThat(manifests.the(PodDisruptionBudget.class).getSpec().getSelector().getMatchLabels())
        .isEqualTo(selector);
    assertThat(manifests.the(Service.class).getSpec().getSelector()).isEqualTo(selector);
    assertThat(manifests.pipeline().spec().getTopologySpreadConstraints())
        .hasSize(2)
        .allSatisfy(
            spread -> assertThat(spread.getLabelSelector().getMatchLabels()).isEqualTo(selector));
    Map<String, String> topics = manifests.topics().template().getMetadata().getLabels();
    assertThat(topics.entrySet()).doesNotContainSequence(selector.entrySet());
    Map<String, String> guarded =
        manifests.the(NetworkPolicy.class).getSpec().getPodSelector().getMatchLabels();
    assertThat(guarded).isNotEmpty();
    assertThat(pods).containsAllEntriesOf(guarded);
    assertThat(topics).containsAllEntriesOf(guarded);
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldLoadTheSettingsAsTheContainersDo(Deployed deployed) throws IOException {
    var unused = deployed.manifests().topics().load(folder, SECRETS);
    Settings settings = deployed.manifests().pipeline().load(folder, SECRETS);
    assertThat(settings.model()).asString().startsWith("/opt/vmoe/models/");
    assertThat(settings.getString(Settings.DEVICE)).isEqualTo(deployed.onGpus() ? "cuda:0" : "cpu");
    assertThat(settings.getString(Settings.CONSOLE_HOST)).isEqualTo("0.0.0.0");
    assertThat(settings.getString(Settings.CONSOLE_PAGE)).isEqualTo("false");
    assertThat(settings.getInt(Settings.CONSOLE_PORT))
        .isEqualTo(console(deployed).getContainerPort());
    // the variables of a Service named vmoe would be taken for settings
    assertThat(deployed.manifests().pods())
        .allSatisfy(pod -> assertThat(pod.spec().getEnableServiceLinks()).isFalse());
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldRunCommandsThatThereAre(Deployed deployed) {
    CommandLine vmoe = new CommandLine(VmoeCommand.class);
    assertThat(ran(vmoe, deployed.manifests().pipeline())).containsExactly("vmoe", "run");
    assertThat(ran(vmoe, deployed.manifests().topics()))
        .containsExactly("vmoe", "topics", "create");
  }

  private static List<String> ran(CommandLine vmoe, Pod pod) {
    return vmoe
        .parseArgs(pod.container().getArgs().toArray(String[]::new))
        .asCommandLineList()
        .stream()
        .map(CommandLine::getCommandName)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldHoldNoSecretItself(Deployed deployed) throws IOException {
    assertThat(deployed.manifests().allOf(Secret.class)).isEmpty();
    for (Pod pod : deployed.manifests().pods()) {
      Settings settings = pod.load(folder, SECRETS);
      List<Object> secrets =
          settings.printable().entrySet().stream()
              .filter(setting -> setting.getValue().equals("[hidden]"))
              .map(setting -> settings.originals().get(setting.getKey()))
              .filter(Objects::nonNull)
              .toList();
      assertThat(secrets).isSubsetOf("made-up-jaas", "made-up-user", "USER_INFO");
      boolean secured = pod.environment().containsKey("VMOE_CONFIG_PROVIDERS");
      assertThat(secrets).hasSize(secured ? 3 : 0);
      List<Volume> mounted =
          pod.spec().getVolumes().stream().filter(volume -> volume.getSecret() != null).toList();
      assertThat(mounted).hasSize(secured ? 1 : 0);
      for (Volume volume : mounted) {
        assertThat(Kustomize.HOME.resolve("src/docs/kubernetes.md"))
            .content()
            .contains("create secret generic " + volume.getSecret().getSecretName() + " ");
        // root's, so it is the group that reads them
        assertThat(volume.getSecret().getDefaultMode()).isEqualTo(0440);
        var user = pod.spec().getSecurityContext();
        assertThat(user.getFsGroup()).isNotNull().isEqualTo(user.getRunAsGroup());
      }
    }
    assertThat(deployed.yaml()).doesNotContainIgnoringCase("password");
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldAskForHealthWhereTheConsoleListens(Deployed deployed) {
    Container container = deployed.manifests().pipeline().container();
    Probe[] probes = {
      container.getStartupProbe(), container.getLivenessProbe(), container.getReadinessProbe()
    };
    for (Probe probe : probes) {
      assertThat(probe.getHttpGet().getPort().getStrVal()).isEqualTo(console(deployed).getName());
    }
    assertThat(probes)
        .extracting(probe -> probe.getHttpGet().getPath())
        .containsExactly("/health/live", "/health/live", "/health/ready");
    Probe startup = container.getStartupProbe();
    assertThat(startup.getPeriodSeconds() * startup.getFailureThreshold())
        .as("seconds for the JVM to answer at all")
        .isGreaterThanOrEqualTo(60);
    var port = deployed.manifests().the(Service.class).getSpec().getPorts().get(0);
    assertThat(port.getTargetPort().getStrVal()).isEqualTo(console(deployed).getName());
    if (deployed.has(ServiceMonitor.class)) {
      ServiceMonitor monitor = deployed.manifests().the(ServiceMonitor.class);
      assertThat(monitor.getSpec().getEndpoints())
          .singleElement()
          .satisfies(
              endpoint -> {
                assertThat(endpoint.getPort()).isEqualTo(port.getName());
                assertThat(endpoint.getPath()).isEqualTo("/metrics");
                // or the operator leaves it out
                assertThat(seconds(endpoint.getScrapeTimeout()))
                    .isLessThanOrEqualTo(seconds(endpoint.getInterval()));
                assertThat(endpoint.getRelabelings())
                    .anySatisfy(
                        relabeling -> {
                          assertThat(relabeling.getTargetLabel()).isEqualTo("job");
                          assertThat(relabeling.getReplacement()).isEqualTo("vmoe");
                        });
              });
      assertThat(deployed.manifests().the(Service.class).getMetadata().getLabels())
          .containsAllEntriesOf(monitor.getSpec().getSelector().getMatchLabels());
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldLetThroughWhatTheSettingsName(Deployed deployed) throws IOException {
    NetworkPolicy policy = deployed.manifests().the(NetworkPolicy.class);
    Set<String> out = new TreeSet<>();
    policy
        .getSpec()
        .getEgress()
        .forEach(
            rule ->
                rule.getPorts()
                    .forEach(port -> out.add(port.getProtocol() + port.getPort().getIntVal())));
    Set<String> needed = new TreeSet<>(Set.of("UDP53", "TCP53"));
    Settings settings = deployed.manifests().pipeline().load(folder, SECRETS);
    for (String broker : settings.getString(Settings.BOOTSTRAP_SERVERS).split(",", -1)) {
      needed.add("TCP" + broker.substring(broker.lastIndexOf(':') + 1).strip());
    }
    URI registry = URI.create(settings.getString(Settings.REGISTRY_URL));
    int assumed = registry.getScheme().equals("https") ? 443 : 80;
    needed.add("TCP" + (registry.getPort() < 0 ? assumed : registry.getPort()));
    assertThat(out).isEqualTo(needed);
    assertThat(policy.getSpec().getPolicyTypes()).containsExactlyInAnyOrder("Ingress", "Egress");
    assertThat(policy.getSpec().getIngress())
        .singleElement()
        .satisfies(
            rule -> {
              assertThat(rule.getFrom()).isNotEmpty();
              assertThat(rule.getPorts())
                  .extracting(port -> port.getPort().getIntVal())
                  .containsExactly(console(deployed).getContainerPort());
            });
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldRunTheVersionThatIsBuilt(Deployed deployed) throws IOException {
    Matcher version =
        Pattern.compile("<artifactId>vmoe-streams</artifactId>\\s*<version>(.*?)(-SNAPSHOT)?</")
            .matcher(Files.readString(Kustomize.HOME.resolve("pom.xml")));
    assertThat(version.find()).isTrue();
    String tag = version.group(1) + (deployed.onGpus() ? "-cuda" : "");
    for (Pod pod : deployed.manifests().pods()) {
      assertThat(pod.container().getImage()).endsWith("vmoe-streams:" + tag);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldHaveNoRightsThatItDoesNotNeed(Deployed deployed) {
    assertThat(deployed.manifests().the(Namespace.class).getMetadata().getLabels())
        .containsEntry("pod-security.kubernetes.io/enforce", "restricted");
    for (Pod pod : deployed.manifests().pods()) {
      assertThat(pod.spec().getAutomountServiceAccountToken()).isFalse();
      assertThat(pod.spec().getSecurityContext().getRunAsNonRoot()).isTrue();
      // by number: Kubernetes cannot tell of a name that it is not root's
      assertThat(pod.spec().getSecurityContext().getRunAsUser()).isPositive();
      assertThat(pod.spec().getSecurityContext().getSeccompProfile().getType())
          .isEqualTo("RuntimeDefault");
      var rights = pod.container().getSecurityContext();
      assertThat(rights.getAllowPrivilegeEscalation()).isFalse();
      assertThat(rights.getReadOnlyRootFilesystem()).isTrue();
      assertThat(rights.getCapabilities().getDrop()).containsExactly("ALL");
      assertThat(rights.getCapabilities().getAdd()).isEmpty();
      assertThat(pod.container().getVolumeMounts())
          .filteredOn(mount -> !Boolean.TRUE.equals(mount.getReadOnly()))
          .extracting(VolumeMount::getMountPath)
          .containsExactlyInAnyOrder("/tmp", "/var/lib/vmoe");
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldReserveWhatItMayUse(Deployed deployed) {
    for (Pod pod : deployed.manifests().pods()) {
      var resources = pod.container().getResources();
      assertThat(resources.getLimits()).isEqualTo(resources.getRequests());
      assertThat(resources.getLimits()).containsKeys("cpu", "memory", "ephemeral-storage");
      BigDecimal disk = bytes(resources.getLimits().get("ephemeral-storage"));
      BigDecimal written =
          pod.spec().getVolumes().stream()
              .filter(volume -> volume.getEmptyDir() != null)
              .map(volume -> bytes(volume.getEmptyDir().getSizeLimit()))
              .reduce(BigDecimal.ZERO, BigDecimal::add);
      assertThat(written).isPositive().isLessThanOrEqualTo(disk);
    }
    Map<String, Quantity> limits =
        deployed.manifests().pipeline().container().getResources().getLimits();
    if (deployed.onGpus()) {
      assertThat(limits).containsEntry("nvidia.com/gpu", new Quantity("1"));
      assertThat(deployed.manifests().pipeline().spec().getTolerations())
          .extracting(Toleration::getKey)
          .containsExactly("nvidia.com/gpu");
    } else {
      assertThat(limits).doesNotContainKey("nvidia.com/gpu");
    }
    // The image gives one half to heap and buffers.
    BigDecimal rest = bytes(limits.get("memory")).divide(BigDecimal.valueOf(2));
    assertThat(rest).isGreaterThanOrEqualTo(NATIVE_BYTES);
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldWaitLongerForTheEndThanTheParts(Deployed deployed) throws Exception {
    Duration parts = Duration.ZERO;
    List<String> found = new ArrayList<>();
    for (JavaClass type : ServingClasses.all()) {
      if (type.tryGetField("CLOSE_LIMIT").isPresent()) {
        Field limit = type.reflect().getDeclaredField("CLOSE_LIMIT");
        limit.setAccessible(true);
        parts = parts.plus((Duration) limit.get(null));
        found.add(type.getSimpleName());
      }
    }
    assertThat(found).contains("ImagePath");
    Pod pod = deployed.manifests().pipeline();
    assertThat(Duration.ofSeconds(pod.spec().getTerminationGracePeriodSeconds()))
        .isGreaterThan(parts.plus(RUN))
        .isGreaterThan(pod.load(folder, SECRETS).stopTimeout());
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldReplaceOneInstanceAtATime(Deployed deployed) {
    var spec = deployed.manifests().the(Deployment.class).getSpec();
    RollingUpdateDeployment update = spec.getStrategy().getRollingUpdate();
    int surge = update.getMaxSurge().getIntVal();
    assertThat(surge + update.getMaxUnavailable().getIntVal()).isEqualTo(1);
    // a GPU more than there are instances may not be there
    assertThat(surge).isEqualTo(deployed.onGpus() ? 0 : 1);
    assertThat(spec.getMinReadySeconds()).isPositive();
    var budget = deployed.manifests().the(PodDisruptionBudget.class).getSpec();
    assertThat(budget.getMaxUnavailable().getIntVal()).isEqualTo(1);
    assertThat(budget.getUnhealthyPodEvictionPolicy()).isEqualTo("AlwaysAllow");
  }

  @Test
  void shouldMentionNoSecretValueInAnyFile() throws IOException {
    try (Stream<Path> files = Files.walk(Kustomize.FOLDER)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(file)
            .content()
            .doesNotContain("kind: Secret", "stringData", "BEGIN ", "LoginModule");
      }
    }
  }

  private static ContainerPort console(Deployed deployed) {
    return deployed.manifests().pipeline().container().getPorts().get(0);
  }

  private static Duration seconds(String text) {
    return Duration.parse("PT" + text);
  }

  private static BigDecimal bytes(Quantity quantity) {
    return Quantity.getAmountInBytes(quantity);
  }
}

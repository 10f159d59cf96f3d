package dev.vmoe.container;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The pipeline's image: its user, where it writes, its content. */
class ImageIT {

  private static final String[] HARDENED = {
    "run", "--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", "none"
  };

  @BeforeEach
  void requireImage() throws Exception {
    Docker.requireImage("what the pipeline's image holds and allows was not looked at");
  }

  @Test
  void shouldRunAsAFixedUserThatOwnsNothingButItsState() throws Exception {
    JsonNode image =
        new ObjectMapper().readTree(Docker.run("image", "inspect", Docker.VMOE)).get(0);
    JsonNode config = image.get("Config");
    assertThat(config.get("User").asText()).isEqualTo("10001:10001");
    assertThat(config.get("Labels").get("org.opencontainers.image.licenses").asText())
        .isEqualTo("Apache-2.0");
    assertThat(config.get("Healthcheck").get("Test").toString()).contains("/opt/vmoe/bin/healthy");

    String found =
        shell(
            "id -u; find / -xdev -writable ! -type l ! -path '/proc/*' ! -path '/dev/*'"
                + " ! -path /tmp 2>/dev/null; true");
    assertThat(found.lines()).containsExactly("10001", "/var/lib/vmoe");
    assertThat(shell("touch /var/lib/vmoe/state /tmp/temporary && echo written"))
        .isEqualTo("written\n");
  }

  @Test
  void shouldDecodeAndClassifyWithoutUnpackingLibraries() throws Exception {
    String images = "/opt/vmoe/models/characters-test/held-out/000";
    String said = vmoe("predict", "--device", "cpu", images + "0.jpg", images + "1.jpg");
    assertThat(said).contains(images + "0.jpg", images + "1.jpg");
    // noexec: a library that is unpacked there could not be loaded
    assertThat(shell("grep ' /tmp ' /proc/mounts")).contains("noexec");
  }

  @Test
  void shouldStartWithClassesFromItsArchive() throws Exception {
    String loaded =
        shell("VMOE_JAVA_OPTS=-Xlog:class+load vmoe --version | grep ' dev[.]vmoe.* source: '");
    assertThat(loaded).contains("dev.vmoe.app.cli.VmoeCommand source: shared objects file (top)");
    // picocli's are never in an archive: their class files are of Java 5
    assertThat(loaded.lines().filter(line -> line.contains("source: file:")))
        .as("classes that the doctor does not need")
        .hasSizeLessThan(5);
  }

  /** It has older copies of other libraries inside, whose natives are not unpacked here. */
  @Test
  void shouldLookForClassesInFlinksJarLast() throws Exception {
    String said = shell("VMOE_JAVA_OPTS=-XshowSettings:properties vmoe --version 2>&1");
    assertThat(said.lines().filter(line -> line.endsWith(".jar")).map(String::strip))
        .hasSizeGreaterThan(50)
        .last()
        .asString()
        .contains("/flink-");
  }

  @Test
  void shouldSayThatItHasNoBrokerOfItsOwn() throws Exception {
    Docker.Outcome demo = call("demo", "--images", "10");
    assertThat(demo.code()).isEqualTo(1);
    assertThat(demo.said()).contains("no Kafka broker").contains("docker compose up");
    assertThat(demo.said()).doesNotContain("NoClassDefFoundError");
  }

  @Test
  void shouldHoldABillOfMaterialsOfWhatIsInside() throws Exception {
    JsonNode bom = new ObjectMapper().readTree(shell("cat /opt/vmoe/sbom.cdx.json"));
    assertThat(bom.get("bomFormat").asText()).isEqualTo("CycloneDX");
    String jars = shell("ls /opt/vmoe/lib");
    assertThat(jars.lines().count()).isGreaterThan(50);
    String named = bom.get("components").findValuesAsText("name").toString();
    assertThat(
            jars.lines()
                .filter(jar -> !jar.startsWith("vmoe-streams"))
                .map(jar -> jar.replaceAll("-\\d.*", "")))
        .allSatisfy(artifact -> assertThat(named).contains(artifact));
    assertThat(named).doesNotContain("kafka_2.13").doesNotContain("junit");
  }

  private static String vmoe(String... command) throws Exception {
    Docker.Outcome outcome = call(command);
    assertThat(outcome.code()).as(outcome::said).isZero();
    return outcome.said();
  }

  private static Docker.Outcome call(String... command) throws Exception {
    return Docker.call(Map.of(), concat(concat(HARDENED, Docker.VMOE), command));
  }

  private static String shell(String script) throws Exception {
    return Docker.run(concat(concat(HARDENED, "--entrypoint", "bash"), Docker.VMOE, "-c", script));
  }

  private static String[] concat(String[] first, String... second) {
    String[] all = java.util.Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}

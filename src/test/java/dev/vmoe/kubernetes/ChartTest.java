package dev.vmoe.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import dev.vmoe.kubernetes.Deployments.Deployed;
import dev.vmoe.streams.settings.Settings;
import io.fabric8.kubernetes.api.model.Namespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The Helm chart, rendered by Helm itself: it comes to what the overlays come to. */
class ChartTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "cpu,",
    "gpu, gpu=true",
    "keda, keda.enabled=true",
    "gpu-keda, gpu=true keda.enabled=true",
    "kubernetes.md, secured=true keda.enabled=true image.repository=registry.example/vmoe-streams"
        + " ports.brokers=9093 ports.registry=443 monitoring.labels.release=prometheus",
  })
  void shouldComeToTheSameAsTheOverlay(String name, String values) throws Exception {
    Deployed overlay =
        Deployments.all().stream().filter(it -> it.name().equals(name)).findFirst().orElseThrow();

    Map<String, JsonNode> rendered = objects(rendered("vmoe", values));

    Map<String, JsonNode> expected = objects(overlay.manifests());
    if (name.equals("kubernetes.md")) { // it has another file; the chart adds to that of the base
      expected.remove("ConfigMap");
      assertThat(rendered.remove("ConfigMap")).isNotNull();
    }
    assertThat(rendered).isEqualTo(expected);
  }

  @Test
  void shouldAddSettingsAndVariablesInANamespaceOfItsOwn() throws Exception {
    String values =
        "settings.bootstrap\\.servers=kafka:9092 settings.batch\\.max\\.images=16"
            + " env.VMOE_MODEL=/models/pets.onnx keda.enabled=true topics.replicationFactor=1";
    Manifests chart = rendered("pets", values);

    Pod pipeline = chart.pipeline();
    Settings settings = pipeline.load(folder, Map.of());
    assertThat(settings.getString(Settings.BOOTSTRAP_SERVERS)).isEqualTo("kafka:9092");
    assertThat(settings.getInt(Settings.BATCH_MAX_IMAGES)).isEqualTo(16);
    assertThat(pipeline.environment())
        .containsEntry("VMOE_MODEL", "/models/pets.onnx")
        .containsEntry("VMOE_CONSOLE_HOST", "0.0.0.0");
    assertThat(chart.namespaces()).containsOnly("pets");
    assertThat(chart.the(ScaledObject.class).spec().triggers().get(0).metadata().get("query"))
        .contains("namespace=\"pets\"")
        .doesNotContain("namespace=\"vmoe\"");
    assertThat(chart.topics().container().getArgs()).endsWith("--replication-factor", "1");
    assertThat(name(chart)).isNotEqualTo(name(rendered("pets", values.replace("=16", "=17"))));
  }

  @Test
  void shouldWriteNumbersOfAValuesFileAsTheyAre() throws Exception {
    Path values =
        Files.writeString(
            folder.resolve("values.yaml"),
            "settings: {image.max.bytes: 268435456, capacity.ratio: 0.35,"
                + " predictions.features: true, application.id: '007'}");

    Manifests chart = Manifests.read(template("vmoe").withValuesFile(values).call());

    Settings settings = chart.pipeline().load(folder, Map.of());
    assertThat(settings.originals())
        .containsEntry("image.max.bytes", "268435456")
        .containsEntry("capacity.ratio", "0.35")
        .containsEntry("predictions.features", "true")
        .containsEntry("application.id", "007");
  }

  private static TemplateCommand template(String namespace) {
    return new Helm(Kustomize.FOLDER).template().withName("vmoe").withNamespace(namespace);
  }

  private static String name(Manifests chart) {
    return chart.pipeline().settings().getMetadata().getName();
  }

  @ParameterizedTest
  @CsvSource({"gpo=true", "replicas=0", "keda.enabled=yes", "monitoring.label.release=a"})
  void shouldRefuseValuesThatItDoesNotKnow(String value) {
    assertThatThrownBy(() -> rendered("vmoe", value)).hasMessageContaining("schema");
  }

  private static Manifests rendered(String namespace, String values) throws IOException {
    TemplateCommand command = template(namespace);
    if (values != null) {
      for (String value : values.split(" ")) {
        int equals = value.indexOf('=');
        command.set(value.substring(0, equals), value.substring(equals + 1));
      }
    }
    return Manifests.read(command.call());
  }

  /** Returns the objects but the namespace by their kind, of which there is one each. */
  private static Map<String, JsonNode> objects(Manifests manifests) {
    Map<String, JsonNode> objects = new TreeMap<>();
    for (Object object : manifests.all()) {
      if (!(object instanceof Namespace)) {
        JsonNode json = sorted(MAPPER.valueToTree(object));
        assertThat(objects.put(json.get("kind").textValue(), json)).isNull();
      }
    }
    return objects;
  }

  /**
   * Sorts lists whose items have names. Names that end in a hash lose it, and texts their empty
   * lines, which kustomize adds to folded ones.
   */
  private static JsonNode sorted(JsonNode json) {
    if (json.isTextual()) {
      return MAPPER
          .getNodeFactory()
          .textNode(
              json.textValue()
                  .replaceFirst("^(vmoe-(?:settings|topics))-[0-9a-z]{10}$", "$1")
                  .replace("\n\n", "\n"));
    }
    if (json instanceof ArrayNode array) {
      List<JsonNode> items = new ArrayList<>();
      array.forEach(item -> items.add(sorted(item)));
      if (items.stream().allMatch(item -> item.has("name"))) {
        items.sort(Comparator.comparing(item -> item.get("name").textValue()));
      }
      return MAPPER.createArrayNode().addAll(items);
    }
    if (json.isObject()) {
      ObjectNode object = MAPPER.createObjectNode();
      json.properties().forEach(field -> object.set(field.getKey(), sorted(field.getValue())));
      return object;
    }
    return json;
  }
}

package dev.vmoe.kubernetes;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What Kubernetes would be given, read into its own types. Fields that a type does not have, and
 * texts where a number or a truth value belongs or the other way round, are errors.
 *
 * @param all the objects in order
 */
record Manifests(List<Object> all) {

  private static final Map<String, Class<?>> TYPES =
      Map.of(
          "v1/Namespace", Namespace.class,
          "v1/ConfigMap", ConfigMap.class,
          "v1/Service", Service.class,
          "apps/v1/Deployment", Deployment.class,
          "batch/v1/Job", Job.class,
          "networking.k8s.io/v1/NetworkPolicy", NetworkPolicy.class,
          "policy/v1/PodDisruptionBudget", PodDisruptionBudget.class,
          "monitoring.coreos.com/v1/ServiceMonitor", ServiceMonitor.class,
          "monitoring.coreos.com/v1/PrometheusRule", PrometheusRule.class,
          "keda.sh/v1alpha1/ScaledObject", ScaledObject.class);

  private static final YAMLMapper MAPPER = strict();

  private static YAMLMapper strict() {
    YAMLMapper mapper =
        YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();
    mapper
        .coercionConfigFor(LogicalType.Textual)
        .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
    mapper.setAnnotationIntrospector(
        new JacksonAnnotationIntrospector() {
          /** The types keep what they do not know; here nothing may be kept. */
          @Override
          public Boolean hasAnySetter(Annotated member) {
            return false;
          }
        });
    return mapper;
  }

  /** Reads YAML documents. */
  static Manifests read(String yaml) throws IOException {
    List<Object> all = new ArrayList<>();
    try (MappingIterator<JsonNode> documents = MAPPER.readerFor(JsonNode.class).readValues(yaml)) {
      while (documents.hasNext()) {
        JsonNode document = documents.next();
        String type = document.path("apiVersion").asText() + "/" + document.path("kind").asText();
        Class<?> known = TYPES.get(type);
        if (known == null) {
          throw new IOException("nothing is known of " + type + ", only of " + TYPES.keySet());
        }
        all.add(MAPPER.treeToValue(document, known));
      }
    }
    return new Manifests(all);
  }

  /** Returns all objects of a type. */
  <T> List<T> allOf(Class<T> type) {
    return all.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** Returns the only object of a type. */
  <T> T the(Class<T> type) {
    List<T> found = allOf(type);
    if (found.size() != 1) {
      throw new AssertionError(found.size() + " of " + type.getSimpleName() + ": " + found);
    }
    return found.get(0);
  }

  /** Returns the namespace of each object that is in one. */
  List<String> namespaces() {
    return all.stream()
        .filter(object -> !(object instanceof Namespace))
        .map(object -> MAPPER.<JsonNode>valueToTree(object).at("/metadata/namespace").asText())
        .toList();
  }

  /** Returns the pipeline's pods. */
  Pod pipeline() {
    return new Pod(the(Deployment.class).getSpec().getTemplate(), the(ConfigMap.class));
  }

  /** Returns the pod that creates topics. */
  Pod topics() {
    return new Pod(the(Job.class).getSpec().getTemplate(), the(ConfigMap.class));
  }

  /** Returns both. */
  List<Pod> pods() {
    return List.of(pipeline(), topics());
  }
}

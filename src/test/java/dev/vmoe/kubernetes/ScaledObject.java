package dev.vmoe.kubernetes;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import java.util.List;
import java.util.Map;

/**
 * KEDA's ScaledObject with the fields that its documentation has for version 2.17; anything else is
 * an error when it is read.
 */
record ScaledObject(String apiVersion, String kind, ObjectMeta metadata, Spec spec) {

  /** Whom to scale, between which numbers and by what. */
  record Spec(
      Target scaleTargetRef,
      Integer pollingInterval,
      Integer initialCooldownPeriod,
      Integer cooldownPeriod,
      Integer idleReplicaCount,
      Integer minReplicaCount,
      Integer maxReplicaCount,
      Advanced advanced,
      List<Trigger> triggers,
      Fallback fallback) {}

  /** What is scaled; a Deployment unless it says otherwise. */
  record Target(String apiVersion, String kind, String name, String envSourceContainerName) {}

  /** What holds while no metric can be had. */
  record Fallback(int failureThreshold, int replicas, String behavior) {}

  /** Settings of the autoscaler that KEDA makes. */
  record Advanced(
      Autoscaler horizontalPodAutoscalerConfig, Boolean restoreToOriginalReplicaCount) {}

  /** That autoscaler. */
  record Autoscaler(String name, HorizontalPodAutoscalerBehavior behavior) {}

  /** One metric. Its metadata are texts, numbers too. */
  record Trigger(
      String type,
      String name,
      String metricType,
      Boolean useCachedMetrics,
      Map<String, String> metadata,
      Map<String, String> authenticationRef) {}
}

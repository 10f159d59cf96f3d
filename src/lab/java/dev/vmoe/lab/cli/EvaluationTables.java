package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.sweep.Columns;
import dev.vmoe.lab.sweep.EvaluatedModel;
import dev.vmoe.lab.sweep.EvaluatedPoint;
import dev.vmoe.lab.sweep.Interval;
import dev.vmoe.lab.sweep.ModelsEvaluation;
import dev.vmoe.lab.sweep.SplitResult;
import dev.vmoe.lab.sweep.TwinMet;
import dev.vmoe.streams.output.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What an evaluation found out, as a table, as text and as JSON. */
final class EvaluationTables {

  private final List<EvaluatedModel> models;
  private final Optional<EvaluatedModel> twin;

  /** Splits of the images; a set without splits has one. */
  private final List<String> splits;

  EvaluationTables(ModelsEvaluation evaluation) {
    models = evaluation.models();
    twin = evaluation.twin();
    splits = List.copyOf(models.get(0).points().get(0).splits().keySet());
  }

  /** Returns a row a setting: of the twin, of the model, and of the others. */
  Table points() {
    List<EvaluatedPoint> points = new ArrayList<>();
    twin.ifPresent(dense -> points.addAll(dense.points()));
    for (EvaluatedModel model : models) {
      if (twin.isEmpty() || !model.card().equals(twin.get().card())) {
        points.addAll(model.points());
      }
    }
    Columns<EvaluatedPoint> columns =
        new Columns<EvaluatedPoint>()
            .add("model", point -> point.card().name())
            .add("routing", sparse(point -> settings(point).routing().label()))
            .add("K", sparse(point -> settings(point).expertsPerToken()))
            .add("ratio", sparse(point -> settings(point).capacityRatio()))
            .add("effective", sparse(point -> Table.decimals(point.row().effectiveRatio(), 3)));
    for (String split : splits) {
      String end = split.equals(SplitResult.ALL) ? "" : "_" + key(split);
      columns
          .add("accuracy" + end, 4, point -> point.split(split).accuracy().mean())
          .add("minus_dense" + end, 4, minusTwin(split, Interval::mean))
          .add("low_95" + end, 4, minusTwin(split, Interval::low))
          .add("high_95" + end, 4, minusTwin(split, Interval::high));
    }
    return columns
        .add("ms_per_image", 4, point -> point.row().millisPerImage())
        .add("processed", sparse(point -> Table.decimals(point.row().processed(), 4)))
        .table(points);
  }

  /** Returns where the model meets its twin's accuracy, a line a split; empty without a twin. */
  String twinMet() {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<String, Optional<TwinMet>> met : met().entrySet()) {
      String where = met.getKey().equals(SplitResult.ALL) ? "" : " on " + met.getKey();
      text.append(
          met.getValue()
              .map(found -> line(found, where))
              .orElse("the twin's accuracy%s is met nowhere%n".formatted(where)));
    }
    return text.toString();
  }

  private static String line(TwinMet met, String where) {
    RoutingSettings settings = settings(met.point());
    return ("the twin's accuracy%s, %s, is met (%s) at %s %% of the choices: %s, K %d, ratio %s;"
            + " %s ms an image, the twin's %s%n")
        .formatted(
            where,
            Table.decimals(met.twinAccuracy(), 4),
            Table.decimals(met.accuracy(), 4),
            Table.decimals(100 * met.point().choices(), 1),
            settings.routing().label(),
            settings.expertsPerToken(),
            settings.capacityRatio(),
            Table.decimals(met.point().row().millisPerImage(), 3),
            Table.decimals(met.twin().row().millisPerImage(), 3));
  }

  /** Adds {@code models} and {@code twin_met}. */
  void addTo(ObjectNode json) {
    ArrayNode all = json.putArray("models");
    for (EvaluatedModel model : models) {
      ObjectNode one = all.addObject();
      one.put("name", model.card().name()).put("kind", model.card().dense() ? "dense" : "vmoe");
      model.card().blocks().ifPresentOrElse(n -> one.put("blocks", n), () -> one.putNull("blocks"));
      ArrayNode points = one.putArray("points");
      model.points().forEach(point -> addTo(points.addObject(), point));
    }
    ObjectNode met = json.putObject("twin_met");
    met()
        .forEach(
            (split, found) ->
                found.ifPresentOrElse(
                    point -> addTo(met.putObject(key(split)), point),
                    () -> met.putNull(key(split))));
  }

  private void addTo(ObjectNode json, EvaluatedPoint point) {
    addSettings(json, point);
    json.put("ms_per_image", point.row().millisPerImage());
    ObjectNode accuracy = json.putObject("accuracy");
    splits.forEach(split -> accuracy.put(key(split), point.split(split).accuracy().mean()));
    json.put("processed", point.row().processed());
    ObjectNode difference = json.putObject("minus_twin");
    for (String split : splits) {
      Interval interval = point.split(split).minusTwin();
      if (interval == null) {
        difference.putNull(key(split));
      } else {
        difference
            .putObject(key(split))
            .put("mean", interval.mean())
            .put("low", interval.low())
            .put("high", interval.high());
      }
    }
  }

  private static void addTo(ObjectNode json, TwinMet met) {
    json.put("choices", met.point().choices());
    addSettings(json, met.point());
    json.put("accuracy", met.accuracy())
        .put("twin_accuracy", met.twinAccuracy())
        .put("ms_per_image", met.point().row().millisPerImage())
        .put("twin_ms_per_image", met.twin().row().millisPerImage());
  }

  /** Adds routing, K and ratio; null for a dense model, which has none. */
  private static void addSettings(ObjectNode json, EvaluatedPoint point) {
    if (point.card().dense()) {
      json.putNull("routing").putNull("experts_per_token").putNull("capacity_ratio");
      return;
    }
    json.put("routing", settings(point).routing().label())
        .put("experts_per_token", settings(point).expertsPerToken())
        .put("capacity_ratio", settings(point).capacityRatio());
  }

  /** Returns where the model meets the twin, by split; empty without a twin or experts. */
  private Map<String, Optional<TwinMet>> met() {
    Map<String, Optional<TwinMet>> met = new LinkedHashMap<>();
    EvaluatedModel model = models.get(0);
    if (!model.card().dense()) {
      twin.ifPresent(
          dense -> splits.forEach(split -> met.put(split, TwinMet.of(model, dense, split))));
    }
    return met;
  }

  private static String key(String split) {
    return split.replace('-', '_');
  }

  private static RoutingSettings settings(EvaluatedPoint point) {
    return point.row().point().settings();
  }

  private static Function<EvaluatedPoint, @Nullable Double> minusTwin(
      String split, Function<Interval, Double> figure) {
    return point -> {
      Interval interval = point.split(split).minusTwin();
      return interval == null ? null : figure.apply(interval);
    };
  }

  /** Returns a figure of points whose model has experts; null for the others. */
  private static Function<EvaluatedPoint, @Nullable Object> sparse(
      Function<EvaluatedPoint, Object> figure) {
    return point -> point.card().dense() ? null : figure.apply(point);
  }
}

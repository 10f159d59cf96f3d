package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.app.cli.RoutingOptions;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.bench.BenchModel;
import dev.vmoe.streams.models.ModelOpener;
import picocli.CommandLine.Mixin;

/** The options of benchmarks that let a pipeline answer images: model, operating point, batch. */
final class PipelineOptions {

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions routing = new RoutingOptions();
  @Mixin private final BatchSizeOption batch = new BatchSizeOption();

  /** Returns the options of the model. */
  ModelOptions model() {
    return model;
  }

  /** Returns B, the images of a full batch. */
  int batch() {
    return batch.images();
  }

  /** Returns the operating point and routing. */
  RoutingSettings routing(ModelCard card) {
    return routing.settings(card);
  }

  /** Adds the batch and the operating point to a result. */
  static void addTo(ObjectNode result, BenchModel model) {
    RoutingSettings settings = model.routing();
    result
        .put("batch", model.batch())
        .put("capacity_ratio", settings.capacityRatio())
        .put("experts_per_token", settings.expertsPerToken())
        .put("routing", settings.routing().label());
  }

  /** Returns an open model at the operating point. */
  BenchModel of(BatchClassifier classifier) {
    ModelCard card = classifier.card();
    return new BenchModel(classifier, ModelOpener.decoder(card), routing(card), batch());
  }
}

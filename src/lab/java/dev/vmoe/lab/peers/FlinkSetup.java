package dev.vmoe.lab.peers;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.importer.modelstore.ModelOpener;
import dev.vmoe.lab.bench.BenchModel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What the Flink peer's process needs to know to do the same work as the peers in this one.
 *
 * @param graph model file
 * @param device its label
 * @param settings operating point and routing of all runs
 * @param batch maximum images of a run
 * @param registryUrl address of the schema registry
 */
public record FlinkSetup(
    Path graph, String device, RoutingSettings settings, int batch, String registryUrl) {

  private static final Duration REGISTRY_RETRY = Duration.ofSeconds(30);

  List<String> toArguments() {
    return List.of(
        graph.toAbsolutePath().toString(),
        device,
        Double.toString(settings.capacityRatio()),
        Integer.toString(settings.expertsPerToken()),
        settings.routing().label(),
        Integer.toString(batch),
        registryUrl);
  }

  static FlinkSetup ofArguments(String... arguments) {
    return new FlinkSetup(
        Path.of(arguments[0]),
        arguments[1],
        new RoutingSettings(
            Double.parseDouble(arguments[2]),
            Integer.parseInt(arguments[3]),
            Routing.ofLabel(arguments[4])),
        Integer.parseInt(arguments[5]),
        arguments[6]);
  }

  /** Opens the model with as many runs at once as cores, of one thread each, and the rest. */
  PeerWork open() throws IOException {
    BatchClassifier opened =
        ModelOpener.open(graph, device, 1, Runtime.getRuntime().availableProcessors());
    BenchModel model = new BenchModel(opened, ModelOpener.decoder(opened.card()), settings, batch);
    return new PeerWork(
        model, model, new RegistryClient(registryUrl, Map.of(), REGISTRY_RETRY), null);
  }
}

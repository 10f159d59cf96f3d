package dev.vmoe.lab.cli;

import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.lab.cli.BesideOption.OpenModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Which models are measured in the same run as a model and its dense twin. */
final class MoreModelsOption {

  @Option(
      names = "--beside",
      split = ",",
      paramLabel = "MODEL",
      description =
          "Further models to measure in the same run: model files, names of bundled models,"
              + " NAME-int8 for one in that precision, or int8 for that of --model (default: beside"
              + " a bundled model all bundled dense ones, else none). Image size and classes have"
              + " to be the same.")
  private @Nullable List<String> names;

  /**
   * Opens the further models on the same device; those that are the model or its twin only once.
   *
   * @throws ParameterException if they do not see the same images and classes, do not fit into
   *     memory, or do not exist
   */
  OpenModels open(CapacityOptions capacity, CommandSpec command) throws IOException {
    List<VmoeSession> sessions = new ArrayList<>();
    OpenModels open = new OpenModels(sessions);
    try {
      for (Path file : files(capacity, command)) {
        sessions.add(capacity.model().open(file));
      }
      return open;
    } catch (IOException | RuntimeException e) {
      open.close();
      throw e;
    }
  }

  private Set<Path> files(CapacityOptions capacity, CommandSpec command) throws IOException {
    Path model = capacity.model().path();
    Set<Path> files = new LinkedHashSet<>();
    if (names != null) {
      for (String name : names) {
        files.add(BesideOption.path(name, capacity.model(), command));
      }
    } else if (capacity.isBundled()) {
      for (String variant : BundledModels.denseVariants()) {
        files.add(BundledModels.variant(variant));
      }
    }
    files.remove(model);
    Path twin = capacity.twin();
    if (twin != null) {
      files.remove(twin);
    }
    List<Path> all = new ArrayList<>(List.of(model));
    all.addAll(files);
    BesideOption.alike(all, command);
    return files;
  }
}

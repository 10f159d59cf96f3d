package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.model.Precision;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.models.FreeMemory;
import dev.vmoe.streams.models.ModelFiles;
import dev.vmoe.streams.models.ServedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Which models are served beside the one of {@code --model}. */
final class BesideOption {

  private static final String INT8 = "int8";
  private static final String IN_INT8 = "-int8";

  @Option(
      names = "--beside",
      split = ",",
      paramLabel = "MODEL",
      description = {
        "Models served beside the one of --model, for more policies: model files, names of bundled"
            + " models, NAME-int8 for one in that precision, or int8 for that of --model (default:"
            + " none). Image size and classes have to be the same.",
        "Where their quality profiles were not all measured on the same images, every controller"
            + " goes by the accuracy on the images that are sent, measured first."
      })
  private List<String> names = List.of();

  /**
   * Returns the files of the model, then of those beside it.
   *
   * @throws ParameterException if they cannot be served beside each other, or there is no such
   *     model
   */
  ServedFiles files(ModelOptions model, CommandSpec command) throws IOException {
    List<Path> files = new ArrayList<>(List.of(model.path()));
    for (String name : names) {
      files.add(path(name, model, command));
    }
    return alike(files, command);
  }

  /**
   * Returns the files of models that are open beside each other.
   *
   * @throws ParameterException if they do not see the same images and classes, or do not fit into
   *     memory
   */
  static ServedFiles alike(Collection<Path> graphs, CommandSpec command) throws IOException {
    List<ModelFiles> files = new ArrayList<>();
    for (Path graph : graphs) {
      files.add(ModelFiles.of(graph));
    }
    ServedFiles served = new ServedFiles(files);
    try {
      served.requireAlike();
      if (files.size() > 1) {
        FreeMemory.ofThisMachine().require(served.names(), served.bytes());
      }
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), "--beside: " + e.getMessage(), e);
    }
    return served;
  }

  /**
   * Returns the file of a model that is named beside the one of {@code --model}.
   *
   * @throws ParameterException if it is int8, but the model of the command is not a bundled one
   */
  static Path path(String name, ModelOptions model, CommandSpec command) throws IOException {
    Path file = Path.of(name);
    if (Files.exists(file)) {
      return file;
    }
    if (name.equals(INT8)) {
      String variant =
          model
              .bundled()
              .orElseThrow(
                  () ->
                      new ParameterException(
                          command.commandLine(),
                          "--beside int8 is made of a bundled model, --model names a file; make"
                              + " one of its checkpoint (vmoe model import --precision int8) and"
                              + " name that file"));
      return BundledModels.variant(variant, Precision.INT8);
    }
    if (BundledModels.isVariant(name)) {
      return BundledModels.variant(name);
    }
    String variant = name.endsWith(IN_INT8) ? name.replaceFirst(IN_INT8 + "$", "") : "";
    return BundledModels.isVariant(variant) ? BundledModels.variant(variant, Precision.INT8) : file;
  }

  /** Models that are open beside each other. */
  record OpenModels(List<VmoeSession> sessions) implements AutoCloseable {

    /** Opens the first model as an instance serves it, and the others in its layout. */
    static OpenModels of(ServedFiles files, ModelOptions model, int batchImages)
        throws IOException {
      List<VmoeSession> sessions = new ArrayList<>();
      OpenModels open = new OpenModels(sessions);
      try {
        VmoeSession first = model.openToServe(batchImages);
        sessions.add(first);
        RunLayout layout = new RunLayout(first.parallelRuns(), first.threads());
        for (ModelFiles other : files.models().subList(1, files.models().size())) {
          sessions.add(model.open(other.graph(), layout));
        }
        return open;
      } catch (IOException | RuntimeException e) {
        open.close();
        throw e;
      }
    }

    @Override
    public void close() {
      sessions.forEach(VmoeSession::close);
    }
  }
}

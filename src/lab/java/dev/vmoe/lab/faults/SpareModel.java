package dev.vmoe.lab.faults;

import dev.vmoe.core.model.Precision;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.models.ModelFiles;
import dev.vmoe.streams.models.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The bundled model in 8-bit integers, in a folder of models, from which instances take it when a
 * configuration record names it.
 *
 * @param folder for {@code models.dir}
 * @param model as answers name it
 */
record SpareModel(Path folder, AnsweringModel model) {

  /** Its name in the folder. */
  static final String NAME = "spare";

  /** Puts it into a new folder below this one. */
  static SpareModel below(Path parent) throws IOException {
    Path graph = BundledModels.variant(ModelFolder.DEFAULT_MODEL, Precision.INT8);
    Path folder = parent.resolve("models");
    Files.createDirectories(folder.resolve(NAME));
    Files.copy(graph, folder.resolve(NAME).resolve("model.onnx"));
    return new SpareModel(folder, AnsweringModel.of(ModelFiles.of(graph).card()));
  }
}

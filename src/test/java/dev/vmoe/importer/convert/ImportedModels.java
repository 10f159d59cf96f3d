package dev.vmoe.importer.convert;

import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.importer.checkpoint.CheckpointWriter;
import dev.vmoe.importer.checkpoint.Dtype;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Checkpoints changed in code, and sessions of models imported from checkpoints. */
public final class ImportedModels {

  private ImportedModels() {}

  /** Opens a checkpoint that was written, read and imported, as an operator has it. */
  public static VmoeSession open(
      Path folder, ParameterTree checkpoint, ImportOptions options, Target target, String name)
      throws IOException {
    Path prefix = folder.resolve(name);
    CheckpointWriter.write(prefix, checkpoint, Dtype.FLOAT32, 2);
    Path file = folder.resolve(name + ".onnx");
    ModelImport.write(CheckpointReader.read(prefix), options, Form.of(target), file);
    return VmoeSession.open(file, new SessionSettings(Device.CPU, 1, false, List.of()));
  }

  /** Returns the parameters with one leaf replaced. */
  public static ParameterTree with(ParameterTree tree, String path, Tensor leaf) {
    Map<String, Tensor> leaves = new HashMap<>();
    tree.paths().forEach(each -> leaves.put(each, tree.get(each)));
    leaves.put(path, leaf);
    return new ParameterTree(leaves);
  }
}

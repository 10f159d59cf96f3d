package dev.vmoe.model;

import dev.vmoe.checkpoint.CheckpointReader;
import dev.vmoe.checkpoint.CheckpointWriter;
import dev.vmoe.checkpoint.Dtype;
import dev.vmoe.checkpoint.ParameterTree;
import dev.vmoe.inference.Device;
import dev.vmoe.inference.SessionSettings;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Checkpoints changed in code, and sessions of models imported from checkpoints. */
final class ImportedModels {

  private ImportedModels() {}

  /** Opens a checkpoint that was written, read and imported, as an operator has it. */
  static VmoeSession open(
      Path folder, ParameterTree checkpoint, ImportOptions options, Target target, String name)
      throws IOException {
    Path prefix = folder.resolve(name);
    CheckpointWriter.write(prefix, checkpoint, Dtype.FLOAT32, 2);
    Path file = folder.resolve(name + ".onnx");
    ModelImport.write(CheckpointReader.read(prefix), options, Form.of(target), file);
    return VmoeSession.open(file, new SessionSettings(Device.CPU, 1, false, List.of()));
  }

  /** Returns the parameters with one leaf replaced. */
  static ParameterTree with(ParameterTree tree, String path, Tensor leaf) {
    Map<String, Tensor> leaves = new HashMap<>();
    tree.paths().forEach(each -> leaves.put(each, tree.get(each)));
    leaves.put(path, leaf);
    return new ParameterTree(leaves);
  }
}

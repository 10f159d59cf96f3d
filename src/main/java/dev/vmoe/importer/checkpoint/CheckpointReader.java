package dev.vmoe.importer.checkpoint;

import dev.vmoe.core.tensor.ParameterTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads the parameters of a checkpoint, whatever its format.
 *
 * <ul>
 *   <li>V-MoE: {@code PREFIX.index} and {@code PREFIX.data-00000-of-NNNNN}; give the prefix or the
 *       index file
 *   <li>numpy: {@code NAME.npz} with slash-joined names
 *   <li>flax: one msgpack file
 *   <li>safetensors: {@code NAME.safetensors}, with the names of its source
 * </ul>
 *
 * <p>If the tree has a subtree {@code params}, only that is read. Values become fp32. Memory holds
 * the parameters and little more. A pickle is never read: it can run code.
 */
public final class CheckpointReader {

  private static final String INDEX = ".index";

  /** Names that Hugging Face gives the files of a large model, and the list of them. */
  private static final Pattern SAFETENSORS_IN_PARTS =
      Pattern.compile(".*\\.safetensors\\.index\\.json|.*-\\d{5}-of-(?!00001)\\d{5}\\.safetensors");

  private CheckpointReader() {}

  /**
   * Reads the parameters.
   *
   * @param path prefix or file
   * @throws CheckpointException if a file is missing, broken or inconsistent
   */
  public static ParameterTree read(Path path) throws IOException {
    Path name = path.getFileName();
    if (name == null) {
      throw new CheckpointException(path, "is no checkpoint");
    }
    if (SAFETENSORS_IN_PARTS.matcher(name.toString()).matches()) {
      throw new CheckpointException(
          path,
          "is a part of a model in several safetensors files, and one with all is needed:"
              + " model.save_pretrained(folder, max_shard_size=\"100GB\") writes it");
    }
    Path index = ShardedCheckpoint.indexFile(path);
    if (Files.exists(index)) {
      refuse(index, Placeholder.at(index));
      return ShardedCheckpoint.read(path);
    }
    if (!Files.isRegularFile(path) && !Files.isDirectory(path)) {
      throw new CheckpointException(path, "no checkpoint: neither this file nor " + index);
    }
    refuse(path, Placeholder.at(path));
    if (name.toString().endsWith(INDEX)) {
      int end = name.toString().length() - INDEX.length();
      return ShardedCheckpoint.read(path.resolveSibling(name.toString().substring(0, end)));
    }
    if (name.toString().endsWith(".npz")) {
      try {
        return Npz.readParameters(path);
      } catch (CheckpointException e) {
        refuse(path, Pickle.alone(path)); // a renamed one
        throw e;
      }
    }
    if (name.toString().endsWith(Safetensors.SUFFIX)) {
      try {
        return Safetensors.read(path);
      } catch (CheckpointException e) {
        refuse(path, Pickle.at(path)); // a renamed one
        throw e;
      }
    }
    refuse(path, Pickle.at(path));
    return FlaxTree.read(path);
  }

  private static void refuse(Path path, Optional<String> because) throws CheckpointException {
    if (because.isPresent()) {
      throw new CheckpointException(path, because.get());
    }
  }
}

package dev.vmoe.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads the parameters of a checkpoint, whatever its format.
 *
 * <ul>
 *   <li>V-MoE: {@code PREFIX.index} and {@code PREFIX.data-00000-of-NNNNN}; give the prefix or the
 *       index file
 *   <li>numpy: {@code NAME.npz} with slash-joined names
 *   <li>flax: one msgpack file
 * </ul>
 *
 * <p>If the tree has a subtree {@code params}, only that is read. Values become fp32. Memory holds
 * the parameters and little more.
 */
public final class CheckpointReader {

  private static final String INDEX = ".index";

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
    if (Files.exists(ShardedCheckpoint.indexFile(path))) {
      return ShardedCheckpoint.read(path);
    }
    if (!Files.isRegularFile(path)) {
      throw new CheckpointException(
          path, "no checkpoint: neither this file nor " + ShardedCheckpoint.indexFile(path));
    }
    if (name.toString().endsWith(INDEX)) {
      int end = name.toString().length() - INDEX.length();
      return ShardedCheckpoint.read(path.resolveSibling(name.toString().substring(0, end)));
    }
    if (name.toString().endsWith(".npz")) {
      return Npz.readParameters(path);
    }
    return FlaxTree.read(path);
  }
}

package dev.vmoe.importer.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A checkpoint that cannot be read. The message names the file and, if one is at fault, the leaf.
 */
public final class CheckpointException extends IOException {

  CheckpointException(Path file, String problem) {
    super(file + ": " + problem);
  }

  CheckpointException(Path file, String problem, Throwable cause) {
    super(file + ": " + problem, cause);
  }

  static CheckpointException atLeaf(Path file, String leaf, IOException cause) {
    return new CheckpointException(file, "leaf " + leaf + ": " + cause.getMessage(), cause);
  }
}

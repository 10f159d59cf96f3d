package dev.vmoe.importer.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What PyTorch's {@code save} and Python's {@code pickle} write. It can run code: nothing reads it.
 */
public final class Pickle {

  /** First byte of a pickle; its version follows. In msgpack it is an empty map. */
  private static final int PROTOCOL = 0x80;

  private static final int MIN_VERSION = 2;
  private static final int MAX_VERSION = 5;

  private static final String ADVICE =
      ", as PyTorch writes it (.pth, .pt, .bin). Pickles can run code and are never read:"
          + " save the model's state_dict() with safetensors.torch.save_file";

  static final String ZIP = "is a zip of pickles" + ADVICE;

  private Pickle() {}

  /**
   * Returns why a file that should be no zip is refused; empty if it is neither a pickle nor a zip.
   *
   * @throws IOException if the file cannot be read
   */
  public static Optional<String> at(Path path) throws IOException {
    byte[] first = first(path);
    boolean zip = first.length > 1 && first[0] == 'P' && first[1] == 'K';
    return zip ? Optional.of(ZIP) : alone(first);
  }

  /** Returns why a file that may be a zip is refused; empty if it is no pickle. */
  static Optional<String> alone(Path path) throws IOException {
    return alone(first(path));
  }

  private static byte[] first(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      return new byte[0]; // a pipe gives its bytes once
    }
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(9);
    }
  }

  private static Optional<String> alone(byte[] first) {
    boolean safetensors = first.length == 9 && first[8] == '{'; // behind the length of its header
    boolean pickle =
        first.length > 1
            && (first[0] & 0xff) == PROTOCOL
            && first[1] >= MIN_VERSION
            && first[1] <= MAX_VERSION;
    return pickle && !safetensors ? Optional.of("is a pickle" + ADVICE) : Optional.empty();
  }
}

package dev.vmoe.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Images in allowed folders: regular files, wherever links lead. */
final class FileImages {

  private final AllowedAddresses allowed;
  private final int maxImageBytes;

  FileImages(AllowedAddresses allowed, int maxImageBytes) {
    this.allowed = allowed;
    this.maxImageBytes = maxImageBytes;
  }

  /**
   * Reads an image.
   *
   * @throws IOException if another attempt may succeed
   */
  byte[] get(URI address, Fetch fetch) throws IOException, FetchException, NoRoomException {
    try {
      Path real = allowed.realPath(address);
      BasicFileAttributes attributes =
          Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!attributes.isRegularFile()) {
        throw FetchException.refused(address + " is not a regular file");
      }
      try (InputStream in = Files.newInputStream(real, LinkOption.NOFOLLOW_LINKS)) {
        return BoundedBytes.read(in, attributes.size(), maxImageBytes, fetch);
      }
    } catch (NoSuchFileException | AccessDeniedException e) {
      throw FetchException.failed(
          (e instanceof NoSuchFileException ? "there is no file " : "may not be read: ") + address);
    }
  }
}

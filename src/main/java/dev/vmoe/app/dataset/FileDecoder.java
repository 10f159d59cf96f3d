package dev.vmoe.app.dataset;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.ImageDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Decodes image files, with errors for the person who named the file. */
public final class FileDecoder {

  private final ImageDecoder decoder;
  private final int maxBytes;

  /**
   * Creates a decoder of files.
   *
   * @param maxBytes larger files are refused unread
   */
  public FileDecoder(ImageDecoder decoder, int maxBytes) {
    this.decoder = decoder;
    this.maxBytes = maxBytes;
  }

  /**
   * Decodes a file into a slot of a batch, as {@link ImageDecoder#decode} does.
   *
   * @throws BadImageException if the file cannot be read or is no image; the message does not name
   *     it
   */
  public void decode(Path file, ByteBuffer images, int slot) throws BadImageException {
    byte[] encoded;
    try {
      long bytes = Files.size(file);
      if (bytes > maxBytes) {
        throw new BadImageException("has " + bytes + " bytes, more than the limit of " + maxBytes);
      }
      encoded = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new BadImageException("no such file");
    } catch (IOException e) {
      throw new BadImageException("cannot be read: " + e.getMessage());
    }
    decoder.decode(encoded, images, slot);
  }
}

package dev.vmoe.lab.mutations;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Where images are kept that the decoder did not handle, and the image that each thread decodes
 * now. The latter are in memory that the system writes to files: they outlive a crash of the
 * process.
 *
 * <p>Safe for use by several threads.
 */
final class FindingsFolder {

  /** Files kept of one kind: a defect that every image meets must not fill the disk. */
  private static final int MAX_FILES = 100;

  private static final String UNDER_WAY = "under-way-";
  private static final int MAX_BYTES = 1 << 20;

  private final Path folder;
  private final TreeMap<String, Long> counts = new TreeMap<>();
  private final List<Path> underWay = new ArrayList<>();
  private final ThreadLocal<MappedByteBuffer> own = ThreadLocal.withInitial(this::map);

  /** Opens the folder; what an earlier process was decoding when it crashed becomes a finding. */
  FindingsFolder(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder);
    List<Path> left;
    try (Stream<Path> files = Files.list(folder)) {
      left = files.filter(file -> file.getFileName().toString().startsWith(UNDER_WAY)).toList();
    }
    for (Path file : left) {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
      int length = bytes.remaining() < Integer.BYTES ? 0 : bytes.getInt();
      if (length > 0 && length <= bytes.remaining()) {
        byte[] image = new byte[length];
        bytes.get(image);
        keep("crash", image);
      }
      Files.delete(file);
    }
  }

  /** Keeps an image that was not handled as it has to be. */
  synchronized void keep(String kind, byte[] image) {
    long count = counts.merge(kind, 1L, Long::sum);
    if (count > MAX_FILES) {
      return;
    }
    try {
      Path file = folder.resolve(kind + "-" + count + ".image");
      for (int again = 2; Files.exists(file); again++) {
        file = folder.resolve(kind + "-" + count + "-" + again + ".image");
      }
      Files.write(file, image);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write into " + folder, e);
    }
  }

  /** Returns how many images were kept or would have been, by kind. */
  synchronized TreeMap<String, Long> counts() {
    return new TreeMap<>(counts);
  }

  /** Notes what the calling thread decodes from now on. */
  void begin(byte[] image) {
    MappedByteBuffer mapped = own.get();
    int length = Math.min(image.length, MAX_BYTES);
    mapped.put(Integer.BYTES, image, 0, length);
    mapped.putInt(0, length);
  }

  /** Notes that the calling thread is done. */
  void end() {
    own.get().putInt(0, 0);
  }

  private synchronized MappedByteBuffer map() {
    Path file = folder.resolve(UNDER_WAY + underWay.size());
    underWay.add(file);
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, Integer.BYTES + MAX_BYTES);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  /** Deletes what was noted of images under way: nothing crashed. */
  synchronized void deleteNotes() throws IOException {
    for (Path file : underWay) {
      Files.deleteIfExists(file);
    }
  }
}

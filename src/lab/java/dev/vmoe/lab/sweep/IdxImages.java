package dev.vmoe.lab.sweep;

import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.image.PngEncoder;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Labelled images in a pair of IDX files, the format of MNIST. One file has grey images of one
 * size, the other their labels, one byte each. Images are returned as PNG.
 */
final class IdxImages implements LabelledImages {

  private static final Pattern IMAGE_FILE = Pattern.compile("(.*)images-idx3-ubyte(\\.gz)?");
  private static final int IMAGES_MAGIC = 0x803;
  private static final int LABELS_MAGIC = 0x801;
  private static final int MAX_SIDE = 1 << 14;

  private final Path imageFile;
  private final DataInputStream images;
  private final byte[] labels;
  private final int height;
  private final int width;
  private final List<String> classNames;
  private final PngEncoder encoder = new PngEncoder();
  private int read;

  private IdxImages(Path imageFile, DataInputStream images, byte[] labels, List<String> classNames)
      throws IOException {
    this.imageFile = imageFile;
    this.images = images;
    this.labels = labels;
    this.classNames = List.copyOf(classNames);
    int count = header(images, imageFile, IMAGES_MAGIC);
    if (count != labels.length) {
      throw new IOException(
          "%s has %d images, but there are %d labels".formatted(imageFile, count, labels.length));
    }
    this.height = images.readInt();
    this.width = images.readInt();
    if (height < 1 || width < 1 || height > MAX_SIDE || width > MAX_SIDE) {
      throw new IOException("%s has images of %d x %d".formatted(imageFile, width, height));
    }
  }

  /** Opens an image file and the labels beside it. */
  static IdxImages open(Path imageFile, List<String> classNames) throws IOException {
    byte[] labels = labels(labelFile(imageFile));
    for (int i = 0; i < labels.length && !classNames.isEmpty(); i++) {
      if ((labels[i] & 0xff) >= classNames.size()) {
        throw new IOException(
            "label %d of image %d of %s is outside the %d classes"
                .formatted(labels[i] & 0xff, i, imageFile, classNames.size()));
      }
    }
    DataInputStream images = stream(imageFile);
    try {
      return new IdxImages(imageFile, images, labels, classNames);
    } catch (EOFException e) {
      images.close();
      throw new IOException(imageFile + " is truncated in its header", e);
    } catch (IOException e) {
      images.close();
      throw e;
    }
  }

  /** Returns whether a file has the name of one with images. */
  static boolean isImageFile(Path path) {
    return matcher(path).matches();
  }

  /** Returns the image files of a folder, in order of their names. */
  static List<Path> imageFilesIn(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(IdxImages::isImageFile).sorted().toList();
    }
  }

  @Override
  public int size() {
    return labels.length;
  }

  @Override
  public boolean hasNext() {
    return read < labels.length;
  }

  @Override
  public LabelledImage next() {
    if (!hasNext()) {
      throw new NoSuchElementException(imageFile + " has " + labels.length + " images");
    }
    byte[] pixels = new byte[height * width];
    try {
      images.readFully(pixels);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "%s is truncated: ends after %d of %d images".formatted(imageFile, read, labels.length),
          e);
    }
    int label = labels[read] & 0xff;
    String name = "%s/%05d".formatted(imageFile.getFileName(), read);
    read++;
    return new LabelledImage(
        name,
        encoder.encodeGrey(pixels, width, height),
        classNames.isEmpty() ? Integer.toString(label) : classNames.get(label));
  }

  @Override
  public void skip(int count) throws IOException {
    if (count > labels.length - read) {
      throw new IOException(
          "cannot skip %d images: %s has %d".formatted(count, imageFile, labels.length));
    }
    long bytes = (long) count * height * width;
    try {
      images.skipNBytes(bytes);
    } catch (EOFException e) {
      throw new IOException(imageFile + " is truncated: ends before image " + (read + count), e);
    }
    read += count;
  }

  @Override
  public void close() throws IOException {
    images.close();
  }

  /** Returns the file of labels; prefers one that is compressed if the images are. */
  private static Path labelFile(Path imageFile) throws IOException {
    Matcher name = matcher(imageFile);
    if (!name.matches()) {
      throw new IOException(imageFile + " is not named like images-idx3-ubyte");
    }
    Path plain = imageFile.resolveSibling(name.group(1) + "labels-idx1-ubyte");
    Path compressed = plain.resolveSibling(plain.getFileName() + ".gz");
    if (Files.exists(compressed) && (name.group(2) != null || !Files.exists(plain))) {
      return compressed;
    }
    if (Files.exists(plain)) {
      return plain;
    }
    throw new IOException("%s has no labels beside it: no %s[.gz]".formatted(imageFile, plain));
  }

  private static byte[] labels(Path file) throws IOException {
    try (DataInputStream stream = stream(file)) {
      int count = header(stream, file, LABELS_MAGIC);
      byte[] labels = stream.readNBytes(count);
      if (labels.length < count) {
        throw new IOException(
            "%s is truncated: has %d of %d labels".formatted(file, labels.length, count));
      }
      return labels;
    } catch (EOFException e) {
      throw new IOException(file + " is truncated", e);
    }
  }

  private static int header(DataInputStream stream, Path file, int magic) throws IOException {
    int found = stream.readInt();
    if (found != magic) {
      throw new IOException(
          "%s starts with 0x%08x, but this kind of IDX file starts with 0x%08x"
              .formatted(file, found, magic));
    }
    int count = stream.readInt();
    if (count < 1) {
      throw new IOException("no images found: " + file + " has " + count);
    }
    return count;
  }

  private static DataInputStream stream(Path file) throws IOException {
    BufferedInputStream bytes = new BufferedInputStream(Files.newInputStream(file));
    if (!file.toString().endsWith(".gz")) {
      return new DataInputStream(bytes);
    }
    try {
      return new DataInputStream(new BufferedInputStream(new GZIPInputStream(bytes, 1 << 16)));
    } catch (ZipException e) {
      bytes.close();
      throw new IOException(file + " is not compressed by gzip", e);
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  private static Matcher matcher(Path path) {
    return IMAGE_FILE.matcher(String.valueOf(path.getFileName()));
  }
}

package dev.vmoe.importer.convert;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Class names in the order of the logits: from a file, or of a well-known set. */
public final class ClassNames {

  /** English names of the 1,000 classes of ILSVRC 2012. */
  public static final String IMAGENET_1K = "imagenet-1k";

  /** WordNet ids of the 21,843 classes of ImageNet-21k. */
  public static final String IMAGENET_21K = "imagenet-21k";

  /** What some editors write before the first line. */
  private static final String BYTE_ORDER_MARK = "\ufeff";

  private ClassNames() {}

  /**
   * Returns the names of a set, or the lines of a file.
   *
   * @param source {@value #IMAGENET_1K}, {@value #IMAGENET_21K} or the path of a file
   */
  public static List<String> of(String source) throws IOException {
    if (!source.equals(IMAGENET_1K) && !source.equals(IMAGENET_21K)) {
      return lines(Path.of(source));
    }
    try (InputStream in = ClassNames.class.getResourceAsStream(source + ".txt")) {
      if (in == null) {
        throw new IOException("the names of " + source + " are not in this build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static List<String> lines(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + " is a folder: give a file of class names, one a line");
    }
    List<String> lines;
    try {
      lines = new ArrayList<>(Files.readAllLines(file));
    } catch (CharacterCodingException e) {
      throw new IOException(file + " is no text in UTF-8: class names, one a line, are needed", e);
    }
    if (!lines.isEmpty() && lines.get(0).startsWith(BYTE_ORDER_MARK)) {
      lines.set(0, lines.get(0).substring(BYTE_ORDER_MARK.length()));
    }
    return lines;
  }

  /**
   * Returns these names, or numbers from 0 where there are none.
   *
   * @throws IllegalArgumentException if there are not as many as classes
   */
  public static List<String> orNumbers(List<String> names, int numClasses) {
    if (names.isEmpty()) {
      return IntStream.range(0, numClasses).mapToObj(Integer::toString).toList();
    }
    if (names.size() != numClasses) {
      throw new IllegalArgumentException(
          names.size() + " class names for a model of " + numClasses + " classes");
    }
    return names;
  }
}

package dev.vmoe.lab.sweep;

import dev.vmoe.dataset.ImageFiles;
import dev.vmoe.dataset.LabelledImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** Labelled images, each in a file that is read when its turn comes. */
final class LabelledFiles implements LabelledImages {

  private final List<LabelledFile> entries;
  private final Iterator<LabelledFile> left;

  private record LabelledFile(String name, Path file, String label) {}

  private LabelledFiles(List<LabelledFile> entries) {
    this.entries = entries;
    this.left = entries.iterator();
  }

  /** Opens a folder whose sub-folders have the names of classes and hold their images. */
  static LabelledFiles ofFolders(Path root) throws IOException {
    List<LabelledFile> entries = new ArrayList<>();
    for (Path folder : sorted(root)) {
      if (!Files.isDirectory(folder)) {
        continue;
      }
      String label = fileName(folder);
      for (Path file : sorted(folder)) {
        if (Files.isRegularFile(file) && ImageFiles.promisesImage(file)) {
          entries.add(new LabelledFile(label + "/" + fileName(file), file, label));
        }
      }
    }
    if (entries.isEmpty()) {
      throw new IOException(
          "no images found in %s: expected one sub-folder a class, with files ending in %s"
              .formatted(root, ImageFiles.ENDINGS));
    }
    return new LabelledFiles(entries);
  }

  /** Opens a CSV of file and label, with or without the header {@code file,label}. */
  static LabelledFiles ofCsv(Path csv) throws IOException {
    Path folder = csv.toAbsolutePath().getParent();
    List<LabelledFile> entries = new ArrayList<>();
    int number = 0;
    for (String line : lines(csv)) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      List<String> cells = cells(line);
      String where = csv + " line " + number;
      if (cells.size() != 2 || cells.get(0).isEmpty() || cells.get(1).isEmpty()) {
        throw new IOException(where + " is not of the form file,label: " + line);
      }
      if (number == 1 && cells.equals(List.of("file", "label"))) {
        continue;
      }
      Path file = folder == null ? Path.of(cells.get(0)) : folder.resolve(cells.get(0));
      if (!Files.isRegularFile(file)) {
        throw new IOException(where + ": there is no file " + file);
      }
      entries.add(new LabelledFile(cells.get(0), file, cells.get(1)));
    }
    if (entries.isEmpty()) {
      throw new IOException("no images found in " + csv + ": expected lines of file,label");
    }
    return new LabelledFiles(entries);
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public boolean hasNext() {
    return left.hasNext();
  }

  @Override
  public LabelledImage next() {
    LabelledFile entry = left.next();
    try {
      return new LabelledImage(entry.name(), Files.readAllBytes(entry.file()), entry.label());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + entry.file(), e);
    }
  }

  @Override
  public void skip(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      if (!left.hasNext()) {
        throw new IOException("cannot skip " + count + " images: the set has " + entries.size());
      }
      left.next();
    }
  }

  /** Does nothing: files are open only while they are read. */
  @Override
  public void close() {}

  private static List<Path> sorted(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(child -> !fileName(child).startsWith(".")).sorted().toList();
    }
  }

  private static String fileName(Path path) {
    Path name = path.getFileName();
    return name == null ? "" : name.toString();
  }

  private static List<String> lines(Path csv) throws IOException {
    try {
      return Files.readAllLines(csv, StandardCharsets.UTF_8);
    } catch (MalformedInputException e) {
      throw new IOException(csv + " is not UTF-8 text", e);
    }
  }

  /** Splits at commas outside of double quotes; two double quotes inside stand for one. */
  private static List<String> cells(String line) {
    List<String> cells = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"' && quoted && line.startsWith("\"\"", i)) {
        cell.append('"');
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        cells.add(cell.toString().strip());
        cell.setLength(0);
      } else {
        cell.append(c);
      }
    }
    cells.add(cell.toString().strip());
    return cells;
  }
}

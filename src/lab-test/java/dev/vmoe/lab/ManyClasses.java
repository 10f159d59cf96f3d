package dev.vmoe.lab;

import dev.vmoe.core.image.PngEncoder;
import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Resize;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ModelImport;
import dev.vmoe.importer.convert.Positions;
import dev.vmoe.lab.bench.RandomCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Random models of 12 × 12 pixels whose classes are characters, in groups, and labelled images of
 * two splits for them.
 */
public final class ManyClasses {

  private static final int PIXELS = 12;
  private static final int FIRST = 0x4e00;

  /** Classes of a group. */
  private static final int GROUP = 200;

  private ManyClasses() {}

  /** Returns the names of so many classes: the characters from U+4E00 on. */
  public static List<String> names(int count) {
    return IntStream.range(FIRST, FIRST + count).mapToObj(Character::toString).toList();
  }

  /** Returns the group of each: group-0 and so on. */
  public static List<String> groups(int count) {
    return IntStream.range(0, count).mapToObj(c -> "group-" + c / GROUP).toList();
  }

  /** Returns the card of a model without weights. */
  public static ModelCard card(int classes) {
    return new ModelCard(
        "many",
        "0000",
        names(classes),
        PIXELS,
        9,
        List.of(1),
        4,
        2,
        1.05,
        true,
        "bilinear",
        "2 blocks, hidden 24",
        groups(classes),
        0);
  }

  /** Writes a V-MoE of 2 blocks, experts in both, K 2; or its dense twin. */
  public static Path model(Path file, String name, int classes, boolean dense) throws IOException {
    VmoeArchitecture sparse =
        Architectures.of(
            PIXELS, 4, 24, 32, 2, 2, List.of(0, 1), 4, classes, VmoeArchitecture.Classifier.GAP, 0);
    ModelImport.write(
        RandomCheckpoint.of(dense ? RandomCheckpoint.denseTwin(sparse) : sparse, 5),
        new ImportOptions(
            name,
            names(classes),
            groups(classes),
            2,
            1.05,
            true,
            Resize.BILINEAR,
            Positions.LEARNED,
            0),
        file);
    return file;
  }

  /**
   * Writes labelled images, one in three of the split unseen, the others held-out.
   *
   * @return the folder
   */
  public static Path images(Path folder, int count, int classes) throws IOException {
    Files.createDirectories(folder);
    PngEncoder encoder = new PngEncoder();
    Random random = new Random(3);
    List<String> names = names(classes);
    StringBuilder csv = new StringBuilder("file,split,label,code_point\n");
    for (int i = 0; i < count; i++) {
      byte[] pixels = new byte[PIXELS * PIXELS * 3];
      random.nextBytes(pixels);
      Files.write(folder.resolve(i + ".png"), encoder.encodeRgb(pixels, PIXELS, PIXELS));
      String name = names.get(random.nextInt(classes));
      csv.append(
          "%d.png,%s,%s,%04X%n"
              .formatted(i, i % 3 == 2 ? "unseen" : "held-out", name, name.codePointAt(0)));
    }
    Files.writeString(folder.resolve("labels.csv"), csv);
    return folder;
  }
}

package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.app.dataset.LabelledFile;
import dev.vmoe.app.dataset.LabelsCsv;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.importer.modelstore.BundledModels;
import dev.vmoe.importer.modelstore.ModelOpener;
import dev.vmoe.lab.sweep.Interval;
import dev.vmoe.lab.sweep.LabelledBatches;
import dev.vmoe.lab.sweep.LinearProbe;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab probe}: what a model's features tell of another task. */
@Command(
    name = "probe",
    description = {
      "What a model's features tell of a task that it was not trained for: accuracy of a linear"
          + " classifier of them, beside one of raw pixels, and the share of the most frequent"
          + " class. Five folds: each image is judged by a classifier that never saw it.",
      "The bundled test images say of which font each is, and the models never saw the fonts of"
          + " the split unseen."
    })
final class ProbeCommand extends StudyCommand {

  private static final int BATCH = 64;

  /** Maximum side of the images whose pixels are compared: all of them are kept at once. */
  private static final int MAX_SIDE = 48;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final JsonOption json = new JsonOption();

  @Option(
      names = "--images",
      paramLabel = "CSV",
      description = "A CSV of labelled images with a header (default: the bundled test images).")
  private @Nullable Path images;

  @Option(
      names = "--column",
      paramLabel = "NAME",
      defaultValue = "family",
      description = "Column with the class that is to be told (default: ${DEFAULT-VALUE}, a font).")
  private String column = "family";

  @Option(
      names = "--split",
      paramLabel = "NAME",
      description = "Take this part of the set only (default: unseen for the bundled images).")
  private @Nullable String split;

  @Option(
      names = "--min-images",
      paramLabel = "N",
      defaultValue = "100",
      description = "Leave classes with fewer images out (default: ${DEFAULT-VALUE}).")
  private int minImages;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of the folds and the training (default: ${DEFAULT-VALUE}).")
  private long seed;

  private ProbeCommand() {}

  @Override
  public Integer call() throws Exception {
    positive("--min-images");
    List<LabelledFile> files = files();
    List<String> names = files.stream().map(LabelledFile::label).distinct().sorted().toList();
    if (names.size() < 2) {
      throw usage(
          "%d classes with at least %d images in column %s: at least 2 are needed"
              .formatted(names.size(), minImages, column));
    }
    int[] classes = files.stream().mapToInt(file -> names.indexOf(file.label())).toArray();
    float[][] features = new float[files.size()][];
    float[][] pixels = new float[files.size()][];
    ModelCard card = read(files, features, pixels);
    Map<String, float[][]> inputs = new TreeMap<>(Map.of("features", features, "pixels", pixels));
    Table table = new Table("of", "numbers", "accuracy", "95 % interval");
    ObjectNode result =
        Json.object()
            .put("model", card.name())
            .put("column", column)
            .put("images", files.size())
            .put("classes", names.size());
    double chance =
        (double) counts(files).values().stream().mapToLong(it -> it).max().orElseThrow()
            / files.size();
    inputs.forEach(
        (name, vectors) -> {
          boolean[] right = LinearProbe.crossValidated(vectors, classes, names.size(), seed);
          Interval accuracy = accuracy(right);
          result.set(name, Json.tree(accuracy));
          table.add(
              name,
              vectors[0].length,
              percent(accuracy.mean()),
              percent(accuracy.low()) + " to " + percent(accuracy.high()));
        });
    result.put("most_frequent", chance);
    table.add("most frequent class", "", percent(chance), "");
    print(
        "%s: %d images, %d classes of %s%n"
            .formatted(card.name(), files.size(), names.size(), column));
    print(table.toText());
    json.write(result);
    return 0;
  }

  private Interval accuracy(boolean[] right) {
    double[] scores = new double[right.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = right[i] ? 1 : 0;
    }
    return Interval.ofPairs(scores, new double[scores.length], seed);
  }

  private static String percent(double share) {
    return Table.decimals(100 * share, 1) + " %";
  }

  private List<LabelledFile> files() throws IOException {
    Path csv = images == null ? BundledModels.testImages().resolve(LabelsCsv.NAME) : images;
    String part = split == null && images == null ? "unseen" : split;
    List<LabelledFile> files =
        LabelsCsv.read(csv, column).stream()
            .filter(file -> part == null || file.split().equals(part))
            .toList();
    Map<String, Long> counts = counts(files);
    return files.stream()
        .filter(file -> counts.getOrDefault(file.label(), 0L) >= minImages)
        .toList();
  }

  private static Map<String, Long> counts(List<LabelledFile> files) {
    return files.stream()
        .collect(Collectors.groupingBy(LabelledFile::label, Collectors.counting()));
  }

  /** Reads features and pixels of each image. */
  private ModelCard read(List<LabelledFile> files, float[][] features, float[][] pixels)
      throws IOException {
    try (VmoeSession session = model.openWithFeatures()) {
      ModelCard card = session.card();
      ImageDecoder decoder = ModelOpener.decoder(card);
      int bytes = 3 * card.imageSize() * card.imageSize();
      ByteBuffer batch = ByteBuffer.allocateDirect(BATCH * bytes);
      RoutingSettings settings =
          new RoutingSettings(
              card.capacityRatio(), Math.max(1, card.expertsPerToken()), Routing.BATCH_PRIORITY);
      for (int from = 0; from < files.size(); from += BATCH) {
        int count = Math.min(BATCH, files.size() - from);
        for (int i = 0; i < count; i++) {
          LabelledBatches.decode(decoder, files.get(from + i).read(), batch, i);
          pixels[from + i] = pixels(batch, i * bytes, card.imageSize());
        }
        BatchResult result = session.classify(batch, count, settings);
        System.arraycopy(result.features(), 0, features, from, count);
      }
      return card;
    }
  }

  /** Returns an image's pixels; of a large one, sums of neighbours, as the probe scales numbers. */
  private static float[] pixels(ByteBuffer images, int from, int size) {
    int side = Math.min(size, MAX_SIDE);
    float[] sums = new float[3 * side * side];
    for (int i = 0; i < 3 * size * size; i++) {
      int row = i / (3 * size) * side / size;
      int column = i / 3 % size * side / size;
      sums[3 * (row * side + column) + i % 3] += images.get(from + i) & 0xFF;
    }
    return sums;
  }
}

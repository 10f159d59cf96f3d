package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.app.cli.RoutingOptions;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.routing.PngCanvas;
import dev.vmoe.lab.routing.RoutingMapPicture;
import dev.vmoe.lab.routing.RoutingRows;
import dev.vmoe.lab.routing.RoutingTable;
import dev.vmoe.lab.routing.RoutingTally;
import dev.vmoe.streams.output.OutputFiles;
import dev.vmoe.streams.output.Table;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code vmoe lab routing-map}: which experts the images of which class go to. */
@Command(
    name = "routing-map",
    description = {
      "Draws, for an early and a late MoE layer, how much routing weight the images of each class"
          + " give to each expert. For every layer it prints the mutual information between expert"
          + " and class, in bits.",
      "The model is run on labelled images.",
      "LABELLED is a folder with one sub-folder a class, a CSV of file,label or a folder with it as"
          + " labels.csv, or an IDX images file with its labels beside it.",
      "Written to DIR: routing-map.svg and .png, routing-map.csv (a row a layer, class and expert)"
          + " and routing-map-layers.csv (a row a layer). Where the model has groups of classes,"
          + " such as scripts, also routing-map-groups.csv and routing-map-groups-layers.csv; of"
          + " more than 60 classes, the map shows the groups."
    })
final class RoutingMapCommand extends StudyCommand {

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions routing = new RoutingOptions();
  @Mixin private final BatchOptions batches = new BatchOptions();

  @Option(
      names = "--layers",
      split = ",",
      paramLabel = "BLOCK",
      description = "Encoder blocks to draw (default: the first and the last MoE layer).")
  private @Nullable List<Integer> layers;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "target/routing-map",
      description = "Folder for the files (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("");

  private RoutingMapCommand() {}

  @Override
  public Integer call() throws Exception {
    batches.check();
    try (BatchClassifier classifier = model.open()) {
      ModelCard card = classifier.card();
      if (card.dense()) {
        throw usage(card.name() + " has no experts: there is no routing to draw");
      }
      RoutingSettings settings = routing.settings(card);
      RoutingTally tally = new RoutingTally(card);
      batches.forEach(
          card,
          "routed",
          (buffer, classes, splits) ->
              tally.add(classifier.classify(buffer, classes.length, settings), classes));
      write(tally.table(), card.groupsByClass());
    }
    return 0;
  }

  private void write(RoutingTable table, Map<String, String> groups) throws IOException {
    RoutingMapPicture picture = picture(RoutingMapPicture.rows(table, groups));
    OutputFiles.write(out.resolve("routing-map.svg"), picture.toSvg());
    OutputFiles.write(out.resolve("routing-map.png"), PngCanvas.of(picture));
    write(table, "class", "routing-map");
    if (!groups.isEmpty()) {
      write(table.grouped(groups), "group of classes", "routing-map-groups");
    }
  }

  /** Writes a table, and prints what each layer tells of its rows. */
  private void write(RoutingTable table, String row, String file) throws IOException {
    Table byLayer = RoutingRows.byLayer(table);
    OutputFiles.write(out.resolve(file + ".csv"), RoutingRows.cells(table).toCsv());
    OutputFiles.write(out.resolve(file + "-layers.csv"), byLayer.toCsv());
    out()
        .printf(
            "mutual information between the expert of a kept choice and the image's %s, in bits:%n",
            row);
    out().print(byLayer.toText());
  }

  private RoutingMapPicture picture(RoutingTable table) {
    try {
      return new RoutingMapPicture(
          table, layers == null ? RoutingMapPicture.firstAndLast(table) : layers);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--layers: " + String.valueOf(e.getMessage()), e);
    }
  }
}

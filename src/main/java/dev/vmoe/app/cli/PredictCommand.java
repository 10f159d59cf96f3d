package dev.vmoe.app.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.dataset.FileClassifier;
import dev.vmoe.app.dataset.ImageFiles;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.ScoredClass;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import dev.vmoe.streams.settings.Settings;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vmoe predict}: classifies files without Kafka. */
@Command(
    name = "predict",
    description =
        "Classify image files without Kafka. Up to 64 files form one batch, whose tokens compete"
            + " for the experts' slots; more files form several batches.")
final class PredictCommand implements Callable<Integer> {

  /** Characters of the bar of a class that is certain. */
  private static final int BAR = 40;

  @Spec private CommandSpec spec;
  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions routing = new RoutingOptions();

  @Parameters(
      arity = "1..*",
      paramLabel = "FILE-OR-FOLDER",
      description = "Image files, or folders with image files in and below them.")
  private List<Path> paths = List.of();

  @Option(names = "--logits", description = "With --json: also print the logits of all classes.")
  private boolean logits;

  @Option(
      names = "--json",
      description = "Print one line of JSON for each file, instead of a table for people.")
  private boolean json;

  private PredictCommand() {}

  @Override
  public Integer call() throws Exception {
    List<Path> files = ImageFiles.find(paths);
    PrintWriter out = spec.commandLine().getOut();
    boolean failed = files.isEmpty();
    if (files.isEmpty()) {
      spec.commandLine().getErr().println("vmoe: no image files in " + paths);
    }
    try (BatchClassifier classifier = model.open()) {
      RoutingSettings settings = routing.settings(classifier.card());
      FileClassifier fileClassifier =
          new FileClassifier(
              classifier,
              ModelOpener.decoder(classifier.card()),
              ModelOpener.limits(new Settings(Map.of())).maxBytes());
      for (int from = 0; from < files.size(); from += FileClassifier.BATCH) {
        int to = Math.min(files.size(), from + FileClassifier.BATCH);
        for (FileClassifier.FileAnswer answer :
            fileClassifier.classify(files.subList(from, to), settings)) {
          out.println(json ? line(answer) : text(answer));
          failed |= answer.error() != null;
        }
      }
    }
    out.flush();
    return failed ? VmoeCommand.FAILED : 0;
  }

  private ObjectNode line(FileClassifier.FileAnswer answer) {
    ObjectNode line = Json.object().put("file", answer.file().toString());
    if (answer.error() != null) {
      return line.put("error", answer.error());
    }
    ArrayNode top = line.putArray("top");
    for (ScoredClass best : answer.top()) {
      top.addObject()
          .put("label", best.label())
          .put("index", best.index())
          .put("score", best.score());
    }
    if (logits) {
      line.set("logits", Json.tree(answer.logits()));
    }
    line.set("assigned", Json.tree(answer.assigned()));
    line.set("dispatched", Json.tree(answer.dispatched()));
    return line;
  }

  private static String text(FileClassifier.FileAnswer answer) {
    if (answer.error() != null) {
      return answer.file() + ": " + answer.error();
    }
    Table table = new Table("class", "share", "");
    for (ScoredClass best : answer.top()) {
      table.add(
          best.label(),
          Table.decimals(100 * best.score(), 1) + "%",
          "#".repeat(Math.round(best.score() * BAR)));
    }
    return answer.file() + "\n" + table.toText().indent(2).stripTrailing();
  }
}

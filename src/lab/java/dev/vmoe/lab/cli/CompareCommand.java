package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.cli.ConnectionOptions;
import dev.vmoe.app.cli.OptionCheck;
import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.lab.compare.AnswerTopics;
import dev.vmoe.lab.compare.Comparison;
import dev.vmoe.lab.compare.ComparisonResult;
import dev.vmoe.lab.compare.ComparisonResult.ClassAgreement;
import dev.vmoe.lab.compare.ComparisonResult.DifferingImage;
import dev.vmoe.lab.compare.ComparisonResult.PairedAccuracy;
import dev.vmoe.lab.compare.ComparisonResult.SideFigures;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.OneLine;
import dev.vmoe.streams.output.Table;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.kafka.common.acl.AclOperation;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vmoe lab compare}: two pipelines on the same images. */
@Command(
    name = "compare",
    description = {
      "Compare the predictions of two pipelines that read the same images: agreement, accuracy"
          + " where images have labels, time, and the images that differ most. Reads what is"
          + " committed in both topics now, Avro or JSON, and changes nothing.",
      "Answers are paired by the position of their image; at most "
          + Comparison.MAX_WAITING
          + " of each topic wait for the other's. See src/docs/models.md."
    })
final class CompareCommand implements Callable<Integer> {

  /** Classes that are printed. */
  private static final int PRINTED_CLASSES = 10;

  private static final int MAX_WORST = 1000;

  @Spec private CommandSpec spec;
  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Option(
      names = "--a",
      required = true,
      paramLabel = "TOPIC",
      description = "Full name of the topic of one pipeline's predictions.")
  private String a = "";

  @Option(
      names = "--b",
      required = true,
      paramLabel = "TOPIC",
      description = "Full name of the other's.")
  private String b = "";

  @Option(
      names = "--from",
      paramLabel = "TIME",
      description =
          "Only images of this time and later, such as 2026-11-29T15:00:00Z; an image's time is"
              + " that of its record (default: from where both topics have answers).")
  private @Nullable Instant from;

  @Option(names = "--until", paramLabel = "TIME", description = "Only images before this time.")
  private @Nullable Instant until;

  @Option(
      names = "--images",
      paramLabel = "N",
      description = "End after N images that both answered (default: all there are now).")
  private long images = Long.MAX_VALUE;

  @Option(
      names = "--worst",
      paramLabel = "N",
      description = "How many images that differ most to name (default: ${DEFAULT-VALUE}).")
  private int worst = 20;

  @Option(names = "--json", paramLabel = "FILE", description = "Write all figures there as JSON.")
  private @Nullable Path json;

  private CompareCommand() {}

  @Override
  public Integer call() throws IOException {
    OptionCheck.positive(spec, "--images", images);
    OptionCheck.require(
        spec, worst >= 0 && worst <= MAX_WORST, "--worst " + worst + " is not 0 to " + MAX_WORST);
    OptionCheck.require(spec, !a.equals(b), "--a and --b are the same topic");
    Settings settings = connection.settings();
    for (String topic : List.of(a, b)) {
      Brokers.requireTopic(settings, topic, AclOperation.READ);
    }
    try (RegistryClient registry = RegistryClient.of(settings);
        AnswerTopics topics = new AnswerTopics(settings.consumerProperties(), registry, a, b)) {
      Comparison comparison = new Comparison(worst);
      topics.read(new AnswerTopics.Selection(from, until, images), comparison);
      ComparisonResult result = comparison.result();
      print(result);
      if (json != null) {
        ObjectNode report = Json.object().put("topic_a", a).put("topic_b", b);
        report.setAll((ObjectNode) Json.tree(result));
        Json.write(json, report);
      }
      return result.both() == 0 ? VmoeCommand.FAILED : 0;
    }
  }

  private void print(ComparisonResult result) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "images: %d in both, %d only in a, %d only in b, %d outside what the other answered%n",
        result.both(), result.onlyA(), result.onlyB(), result.outside());
    if (result.unpaired() > 0) {
      out.printf(
          "%d answers were given up, as too many waited for the other topic's; compare less at a"
              + " time: --from, --until%n",
          result.unpaired());
    }
    if (result.repeats() > 0) {
      out.printf("%d repeated answers were left out%n", result.repeats());
    }
    if (result.both() > 0) {
      out.printf(
          "agreement: %s (%d of %d)%n%n",
          percent(result.agreed(), result.both()), result.agreed(), result.both());
      out.print(sides(result).toText());
      printDifference(out, result.accuracy());
      if (result.agreed() < result.both()) {
        printClasses(out, result.classes());
      }
      if (!result.images().isEmpty()) {
        printImages(out, result.images());
      }
    }
    out.flush();
  }

  private Table sides(ComparisonResult result) {
    SideFigures ofA = result.a();
    SideFigures ofB = result.b();
    Table table = new Table("", "a", "b");
    table.add("topic", a, b);
    table.add("model", models(ofA), models(ofB));
    table.add(
        "mean capacity ratio",
        Table.decimals(ofA.effectiveCapacityRatio(), 3),
        Table.decimals(ofB.effectiveCapacityRatio(), 3));
    table.add("p50 ms in the instance", decimal(ofA.p50Ms()), decimal(ofB.p50Ms()));
    table.add("p99 ms in the instance", decimal(ofA.p99Ms()), decimal(ofB.p99Ms()));
    PairedAccuracy accuracy = result.accuracy();
    if (accuracy != null) {
      table.add(
          "accuracy of " + accuracy.images() + " labelled",
          Table.decimals(100 * accuracy.a(), 2) + "%",
          Table.decimals(100 * accuracy.b(), 2) + "%");
    }
    return table;
  }

  private static String models(SideFigures side) {
    return OneLine.of(String.join(", ", side.models().keySet()));
  }

  private static void printDifference(PrintWriter out, @Nullable PairedAccuracy accuracy) {
    if (accuracy != null) {
      out.printf(
          "accuracy of b minus a: %s points (95 %%: %s to %s)%n",
          decimal(100 * accuracy.difference()),
          decimal(100 * accuracy.low()),
          decimal(100 * accuracy.high()));
    }
  }

  private static void printClasses(PrintWriter out, List<ClassAgreement> classes) {
    Table table = new Table("answer of a", "images", "b agrees");
    classes.stream()
        .filter(it -> it.agreed() < it.images())
        .limit(PRINTED_CLASSES)
        .forEach(
            it -> table.add(OneLine.of(it.name()), it.images(), percent(it.agreed(), it.images())));
    out.printf("%nclasses where b differs most often:%n%s", table.toText().indent(2));
  }

  private static void printImages(PrintWriter out, List<DifferingImage> images) {
    Table table = new Table("image", "id", "true class", "a", "b", "difference");
    for (DifferingImage image : images) {
      table.add(
          image.position(),
          image.id() == null ? null : OneLine.of(image.id()),
          image.label() == null ? null : OneLine.of(image.label()),
          OneLine.of(image.a().get(0).label()),
          OneLine.of(image.b().get(0).label()),
          Table.decimals(image.difference(), 3));
    }
    out.printf("%nimages that differ most:%n%s", table.toText().indent(2));
  }

  private static String percent(long some, long all) {
    return decimal(100.0 * some / all) + "%";
  }

  private static String decimal(double value) {
    return Table.decimals(value, 2);
  }
}

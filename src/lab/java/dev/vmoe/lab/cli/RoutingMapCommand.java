package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.ConnectionOptions;
import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.app.cli.RoutingOptions;
import dev.vmoe.app.client.CommittedConsumer;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.importer.modelstore.ModelOpener;
import dev.vmoe.lab.routing.PngCanvas;
import dev.vmoe.lab.routing.RoutingRows;
import dev.vmoe.lab.routing.RoutingTally;
import dev.vmoe.streams.output.OutputFiles;
import dev.vmoe.streams.output.Table;
import dev.vmoe.streams.profile.RoutingMapPicture;
import dev.vmoe.streams.profile.RoutingTable;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.TimeoutException;
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
      "With --settings (or --bootstrap-server, --registry, --set) from the routing profile that"
          + " running instances keep in Kafka; without, by running a model on labelled images.",
      "LABELLED is a folder with one sub-folder a class, a CSV of file,label or a folder with it as"
          + " labels.csv, or an IDX images file with its labels beside it.",
      "Written to DIR: routing-map.svg and .png, routing-map.csv (a row a layer, class and expert)"
          + " and routing-map-layers.csv (a row a layer). Where the model has groups of classes,"
          + " such as scripts, also routing-map-groups.csv and routing-map-groups-layers.csv; of"
          + " more than 60 classes, the map shows the groups."
    })
final class RoutingMapCommand extends StudyCommand {

  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration STALLED = Duration.ofSeconds(30);

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();
  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions routing = new RoutingOptions();
  @Mixin private final BatchOptions batches = new BatchOptions();

  @Option(
      names = "--weights",
      paramLabel = "HASH",
      description =
          "Of the models in the routing profile, the one whose weights' hash begins so (default:"
              + " the one that was counted last).")
  private @Nullable String weights;

  @Option(
      names = "--groups",
      paramLabel = "M.onnx",
      description =
          "With --settings: the model's file, which says what group each class belongs to; the"
              + " routing profile does not (default: no groups).")
  private @Nullable Path groupsOf;

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
    if (connects()) {
      refuseWith("--settings and the like", "--model", "--images", "--batch", "--limit");
      refuseWith("--settings and the like", "--capacity-ratio", "--experts-per-token", "--routing");
      RoutingTable table = ofTopic(connection.settings());
      write(table, groups(table));
    } else {
      if (weights != null || groupsOf != null) {
        throw usage(
            (weights != null ? "--weights chooses from" : "--groups completes")
                + " a routing profile: it needs --settings");
      }
      writeOfImages();
    }
    return 0;
  }

  private boolean connects() {
    return Stream.of("--settings", "--bootstrap-server", "--registry", "--set")
        .anyMatch(spec.commandLine().getParseResult()::hasMatchedOption);
  }

  private void refuseWith(String what, String... options) {
    for (String option : options) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw usage(option + " is for a model that is run here, and does not go with " + what);
      }
    }
  }

  /** Returns the groups of the classes of a model in Kafka. */
  private Map<String, String> groups(RoutingTable table) throws IOException {
    if (groupsOf == null) {
      return Map.of();
    }
    ModelCard card = ModelOpener.card(groupsOf);
    if (!card.weightsHash().equals(table.weightsHash())) {
      throw usage(
          "--groups %s: its weights are %s, but the routing profile is of %s"
              .formatted(groupsOf, card.weightsHash(), table.weightsHash()));
    }
    return card.groupsByClass();
  }

  private void writeOfImages() throws IOException {
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
  }

  private RoutingTable ofTopic(Settings settings) {
    String topic = settings.topic(TopicPlan.ROUTING_PROFILE);
    Brokers.requireTopic(settings, topic, AclOperation.READ);
    Map<String, List<RoutingProfile>> byModel = new TreeMap<>();
    String latest = "";
    for (RoutingProfile row : rows(settings, topic)) {
      byModel.computeIfAbsent(row.getWeightsHash(), hash -> new ArrayList<>()).add(row);
      latest = row.getWeightsHash();
    }
    if (byModel.isEmpty()) {
      throw new IllegalStateException(
          topic
              + " is empty: no instance with a V-MoE has counted an image yet"
              + " (`vmoe run`, with routing.profile.interval.ms above 0)");
    }
    String wanted = weights == null ? latest : weights;
    List<String> found = byModel.keySet().stream().filter(h -> h.startsWith(wanted)).toList();
    if (found.size() != 1) {
      throw usage(
          "--weights "
              + wanted
              + (found.isEmpty() ? " is none of " : " could be any of ")
              + (found.isEmpty() ? byModel.keySet() : found));
    }
    List<RoutingProfile> rows = byModel.getOrDefault(found.get(0), List.of());
    PrintWriter err = spec.commandLine().getErr();
    err.printf(
        "%s, weights %s; %d model%s in %s%n",
        rows.get(0).getModel(),
        found.get(0),
        byModel.size(),
        byModel.size() == 1 ? "" : "s",
        topic);
    err.flush();
    RoutingTable table = RoutingTable.of(rows);
    if (table.classes().isEmpty()) {
      throw new IllegalStateException(
          "all of the "
              + table.otherImages()
              + " images have labels that are none of the model's classes");
    }
    return table;
  }

  /** Returns the latest row of each model and class, those written last at the end. */
  private static List<RoutingProfile> rows(Settings settings, String topic) {
    Map<String, byte[]> latest = new LinkedHashMap<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        CommittedConsumer.open(settings.consumerProperties(), List.of(topic), true)) {
      readToEnd(
          consumer,
          record -> {
            String key =
                record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
            latest.remove(key);
            if (record.value() != null) {
              latest.put(key, record.value());
            }
          });
    }
    List<RoutingProfile> rows = new ArrayList<>();
    try (RegistryClient registry = RegistryClient.of(settings)) {
      AvroDeserializer<RoutingProfile> profiles =
          new AvroDeserializer<>(registry, RoutingProfile.class);
      for (Map.Entry<String, byte[]> row : latest.entrySet()) {
        try {
          rows.add(profiles.read(row.getValue()));
        } catch (BadRecordException e) {
          throw new IllegalStateException(
              "the row with key '" + row.getKey() + "' of " + topic + ": " + e.getMessage(), e);
        }
      }
    }
    return rows;
  }

  /**
   * Reads what is there now.
   *
   * @throws TimeoutException if nothing more comes although the end is not reached
   */
  private static void readToEnd(
      KafkaConsumer<byte[], byte[]> consumer, Consumer<ConsumerRecord<byte[], byte[]>> receiver) {
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    long lastNanos = System.nanoTime();
    long before = -1;
    while (ends.entrySet().stream()
        .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      consumer.poll(POLL).forEach(receiver);
      long now = ends.keySet().stream().mapToLong(consumer::position).sum();
      if (now != before) {
        before = now;
        lastNanos = System.nanoTime();
      } else if (System.nanoTime() - lastNanos > STALLED.toNanos()) {
        throw new TimeoutException(
            "no record for " + STALLED.toSeconds() + " s, before the end of " + ends.keySet());
      }
    }
  }

  private void write(RoutingTable table, Map<String, String> groups) throws IOException {
    RoutingMapPicture picture = picture(RoutingMapPicture.rows(table, groups));
    OutputFiles.write(out.resolve("routing-map.svg"), picture.toSvg());
    OutputFiles.write(out.resolve("routing-map.png"), PngCanvas.of(picture));
    PrintWriter text = out();
    write(table, "class", "routing-map");
    if (!groups.isEmpty()) {
      write(table.grouped(groups), "group of classes", "routing-map-groups");
    }
    if (table.otherImages() > 0) {
      text.println(
          table.otherImages() + " images with labels that the model does not know are left out");
    }
    text.flush();
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

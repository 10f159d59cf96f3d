package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.LocalBroker;
import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.lab.bench.BareLoop;
import dev.vmoe.lab.bench.BenchModel;
import dev.vmoe.lab.bench.BenchPipeline;
import dev.vmoe.lab.bench.FullLoad;
import dev.vmoe.lab.bench.ImageAddresses;
import dev.vmoe.lab.bench.RandomModels;
import dev.vmoe.lab.bench.SyntheticImages;
import dev.vmoe.lab.peers.PeerBench;
import dev.vmoe.lab.peers.PeerKind;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab bench pipeline}: the pipeline against the bare model and against its peers. */
@Command(
    name = "pipeline",
    description = {
      "Throughput of the whole pipeline beside the bare loop of decoding and running the model, and"
          + " beside other consumers (peers) on the same broker. All have the same model file,"
          + " batch size and setting, and are measured in turn, in one process;"
          + " the medians of the rounds count. In each round pipeline and peers answer half as many"
          + " images first, which are not measured.",
      "The bare loop is measured with one run on all cores and with a run on each core; the faster"
          + " layout counts.",
      "Broker, producer and client run on the same processors as the pipeline; the shares say how"
          + " much of them each takes. Processor time of an image is without broker and client.",
      "--csv writes a row for each round and side."
    })
final class BenchPipelineCommand extends Benchmark {

  private static final int SYNTHETIC_IMAGES = 256;

  /** Images sent and not yet answered, in batches: as deep for every side, so that batches fill. */
  private static final int WINDOW_BATCHES = 32;

  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /** Layouts of the bare loops; peers take one of them. */
  private static final RunLayout ONE_RUN = new RunLayout(1, CORES);

  private static final RunLayout RUN_EACH_CORE = new RunLayout(CORES, 1);
  private static final List<RunLayout> LAYOUTS =
      Stream.of(ONE_RUN, RUN_EACH_CORE).distinct().toList();

  @Mixin private final PipelineOptions options = new PipelineOptions();
  @Mixin private final RoundsOption rounds = new RoundsOption(5);
  @Mixin private final WarmUpOption warmUp = new WarmUpOption();
  @Mixin private final PeersOption peersOption = new PeersOption();

  @Option(
      names = "--variant",
      paramLabel = "NAME",
      defaultValue = "demo",
      description =
          "demo (the bundled model and images), or an architecture with random weights and"
              + " synthetic 500x375 JPEGs: S/32, B/16 (default: ${DEFAULT-VALUE}).")
  private String variant = "demo";

  @Option(
      names = "--images",
      paramLabel = "N",
      description = "Images a round (default: 8000; 3840 with random weights).")
  private @Nullable Integer images;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Batches that the pipeline runs at once, as inference.runs; --threads is for each"
              + " (default: measured at the start).")
  private int runs;

  @Option(
      names = "--by-address",
      paramLabel = "KIND",
      description =
          "Also measures the pipeline on the same images by address: file, or http (a server in"
              + " this process).")
  private @Nullable AddressKind byAddress;

  /** Where images are that come by address. */
  private enum AddressKind {
    FILE,
    HTTP
  }

  private BenchPipelineCommand() {}

  @Override
  void check() {
    LocalBroker.require(LocalBroker.FROM_A_CHECKOUT);
    positive("--images", "--rounds", "--batch");
    warmUp.check(spec);
    peersOption.chosen(spec);
  }

  @Override
  BenchmarkResult measure() throws Exception {
    boolean demo = variant.equals("demo");
    int count = images != null ? images : demo ? 8_000 : 3_840;
    Path graph = demo ? options.model().path() : RandomModels.graph(variant, SEED);
    Set<PeerKind> peers = peersOption.chosen(spec);
    try (Sessions sessions = new Sessions()) {
      VmoeSession classifier = options.model().openToServe(graph, options.batch(), runs);
      sessions.add(new RunLayout(classifier.parallelRuns(), classifier.threads()), classifier);
      for (RunLayout layout : LAYOUTS) {
        if (!sessions.has(layout)) {
          sessions.add(layout, options.model().open(graph, layout));
        }
      }
      BenchModel served = options.of(classifier);
      List<LabelledImage> set = demo ? BundledImages.all() : synthetic();
      FullLoad load = new FullLoad(set, count, WINDOW_BATCHES * served.batch());
      PipelineFigures figures = measure(served, sessions, peers, load);
      ObjectNode result = Json.object();
      result.put("variant", variant);
      PipelineOptions.addTo(result, served);
      result.put("runs", classifier.parallelRuns());
      result.put("images_per_round", count);
      figures.addTo(result);
      return new BenchmarkResult(figures.text(), figures.sides(), result);
    }
  }

  /**
   * The model in each layout, for the pipeline, bare loops and peers. Who has the same layout has
   * the same session: two sessions of one model can differ in speed, by where their memory lies.
   */
  private static final class Sessions implements AutoCloseable {

    private final Map<RunLayout, VmoeSession> open = new LinkedHashMap<>();

    void add(RunLayout layout, VmoeSession session) {
      open.put(layout, session);
    }

    boolean has(RunLayout layout) {
      return open.containsKey(layout);
    }

    VmoeSession of(RunLayout layout) {
      return Objects.requireNonNull(open.get(layout), layout::toString);
    }

    @Override
    public void close() {
      open.values().forEach(VmoeSession::close);
    }
  }

  private PipelineFigures measure(
      BenchModel served, Sessions sessions, Set<PeerKind> peers, FullLoad load) throws Exception {
    List<byte[]> encoded = load.images().stream().map(LabelledImage::encoded).toList();
    PipelineFigures figures = new PipelineFigures(rounds.count(), LAYOUTS, peers);
    Progress progress = progress();
    progress.say("starting a Kafka broker and a schema registry");
    try (ImageAddresses addresses = addresses(load.images());
        LocalBroker broker = new LocalBroker()) {
      Settings address = broker.settings(Map.of(), TopicPlan.load());
      BenchModel oneRun = served.with(sessions.of(ONE_RUN));
      BenchModel runEachCore = served.with(sessions.of(RUN_EACH_CORE));
      try (PeerBench bench = new PeerBench(address, oneRun, runEachCore)) {
        PipelineFigures.Replays pipeline =
            () -> {
              try (BenchPipeline one = new BenchPipeline(broker, "pipeline", served, Map.of())) {
                return one.measure(load, LabelledImage::toRequest);
              }
            };
        for (RunLayout layout : LAYOUTS) {
          figures.addBare(
              layout,
              () -> {
                try (BareLoop bare = new BareLoop(served.with(sessions.of(layout)), layout)) {
                  return bare.imagesPerSecond(encoded, load.count());
                }
              });
        }
        figures.addPipeline(pipeline);
        if (addresses != null) {
          figures.addByAddress(byAddress(broker, served, load, addresses));
        }
        for (PeerKind peer : peers) {
          figures.addPeer(peer, () -> bench.measure(peer, load));
        }
        warmUp.run(
            () -> {
              pipeline.run();
              for (PeerKind peer : peers) {
                bench.measure(peer, load);
              }
            },
            progress);
        figures.measure(progress);
        return figures;
      }
    }
  }

  private static PipelineFigures.Replays byAddress(
      LocalBroker broker, BenchModel served, FullLoad load, ImageAddresses addresses) {
    return () -> {
      try (BenchPipeline one =
          new BenchPipeline(broker, "by-address", served, addresses.settings())) {
        return one.measure(load, addresses::request);
      }
    };
  }

  private @Nullable ImageAddresses addresses(List<LabelledImage> images) throws IOException {
    if (byAddress == null) {
      return null;
    }
    return byAddress == AddressKind.FILE
        ? ImageAddresses.files(images)
        : ImageAddresses.http(images);
  }

  private static List<LabelledImage> synthetic() {
    List<LabelledImage> all = new ArrayList<>();
    for (byte[] jpeg : SyntheticImages.jpegs(SYNTHETIC_IMAGES, 500, 375, SEED)) {
      all.add(new LabelledImage("synthetic-" + all.size(), jpeg, ""));
    }
    return all;
  }
}

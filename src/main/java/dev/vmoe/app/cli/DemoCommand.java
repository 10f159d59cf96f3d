package dev.vmoe.app.cli;

import dev.vmoe.app.client.Replay;
import dev.vmoe.app.client.StreamSummary;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.DemoSummary;
import dev.vmoe.app.demo.LocalPipeline;
import dev.vmoe.app.demo.NextStep;
import dev.vmoe.app.demo.ServedDemo;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.models.ProfileFile;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.Termination;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vmoe demo}: runs the whole pipeline in one process, on the bundled images. */
@Command(
    name = "demo",
    description = {
      "Run the whole pipeline: start a Kafka broker, a schema registry and the pipeline with the"
          + " bundled V-MoE, send the bundled test images through Kafka, and sum up"
          + " the predictions.",
      "Needs no Docker, no GPU and no server."
    })
final class DemoCommand implements Callable<Integer> {

  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

  @Spec private CommandSpec spec;
  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions routing = new RoutingOptions();

  @Option(
      names = "--images",
      paramLabel = "N",
      description = "Images to send, again from the first if there are fewer (default: all).")
  private @Nullable Long images;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "0",
      description = "Images a second; 0 for as fast as they are answered (default: 0).")
  private double rate;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "32",
      description = "Maximum images of a micro-batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--serve",
      description =
          "Run until Ctrl-C, with a live page. Capacity follows the load. Without --rate, the load"
              + " rises and falls around what this machine can answer.")
  private boolean serve;

  @Option(
      names = "--port",
      paramLabel = "P",
      defaultValue = "8080",
      description =
          "With --serve: port of the live page; 0 takes any free one (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Also write the summary to this file as JSON.")
  private @Nullable Path json;

  private static final int MAX_PORT = 65_535;

  private DemoCommand() {}

  @Override
  public Integer call() throws Exception {
    OptionCheck.positive(spec, "--images", images, "--batch", batch);
    OptionCheck.require(
        spec, port >= 0 && port <= MAX_PORT, "--port " + port + " is not from 0 to " + MAX_PORT);
    OptionCheck.require(
        spec,
        !serve || images == null,
        "--images: leave it out; with --serve, images are sent until Ctrl-C");
    if (serve) {
      return serve();
    }
    DemoSummary summary = replay();
    int code = finish(summary, summary.images());
    PrintWriter out = spec.commandLine().getOut();
    out.println("\nnext:");
    for (NextStep step : NextStep.all()) {
      out.println("  " + step.line(System.getProperty("vmoe.command", "vmoe")));
    }
    out.println("Your own Kafka, images and models: src/docs/getting-started.md");
    out.flush();
    return code;
  }

  /**
   * Prints the summary and returns the exit code.
   *
   * @param expected images that must have an answer
   */
  private int finish(DemoSummary summary, long expected) throws IOException {
    summary.print(spec.commandLine().getOut());
    if (json != null) {
      Json.write(json, summary.json());
    }
    StreamSummary.Result result = summary.outcome().summary();
    if (summary.card().dense() ? !result.answered(expected) : !result.complete(expected)) {
      throw new IllegalStateException(
          "not every image has exactly one answer, or utilization does not add up: see above");
    }
    return result.deadLetters() == 0 ? 0 : VmoeCommand.FAILED;
  }

  private DemoSummary replay() throws IOException, InterruptedException {
    Progress progress = new Progress(spec.commandLine().getErr());
    try (BatchClassifier classifier = model.openToServe(batch)) {
      List<LabelledImage> set = BundledImages.all();
      long count = images == null ? set.size() : images;
      RoutingSettings settings = routing.settings(classifier.card());
      try (LocalPipeline pipeline =
          new LocalPipeline(
              settings, batch, classifier, ModelOpener.decoder(classifier.card()), progress::say)) {
        DemoSummary.MemoryReadings memory = new DemoSummary.MemoryReadings();
        Replay.ReplayOutcome outcome;
        try (Progress.Bar bar = progress.bar("answered", count)) {
          outcome =
              pipeline.replay(
                  set,
                  count,
                  rate,
                  answered -> {
                    bar.at(answered);
                    memory.at(answered);
                  });
        }
        memory.end();
        progress.say("stopping");
        return new DemoSummary(count, classifier.card(), settings, outcome, memory);
      }
    }
  }

  /** After Ctrl-C, the JVM ends once everything is answered, stopped and summarized. */
  private int serve() throws IOException, InterruptedException {
    Progress progress = new Progress(spec.commandLine().getErr());
    CountDownLatch done = new CountDownLatch(1);
    try {
      DemoSummary summary = serve(progress, done);
      StreamSummary.Result result = summary.outcome().summary();
      // other producers may have sent images, too
      return finish(
          summary, Math.max(summary.images(), result.predictions() + result.deadLetters()));
    } finally {
      done.countDown();
    }
  }

  private DemoSummary serve(Progress progress, CountDownLatch done)
      throws IOException, InterruptedException {
    try (VmoeSession classifier = model.openToServe(batch);
        ServedDemo demo =
            new ServedDemo(
                classifier,
                ProfileFile.find(model.path(), classifier.card()).orElse(null),
                LocalPipeline.properties(routing.settings(classifier.card()), batch),
                port,
                progress)) {
      Termination termination = Termination.first(() -> stop(demo, done, progress));
      try {
        return demo.run(rate);
      } finally {
        termination.close();
      }
    }
  }

  private static void stop(ServedDemo demo, CountDownLatch done, Progress progress) {
    demo.stop();
    try {
      if (!done.await(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        progress.say("giving up after " + STOP_LIMIT.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

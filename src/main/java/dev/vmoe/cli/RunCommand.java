package dev.vmoe.cli;

import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.settings.Settings;
import dev.vmoe.streams.Pipeline;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code vmoe run}: one instance of the pipeline, until it is told to stop. */
@Command(
    name = "run",
    description =
        "Run one instance of the pipeline against the Kafka of a settings file until it is stopped"
            + " (Ctrl-C, SIGTERM). Instances with the same application.id share the partitions.")
final class RunCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  private static final Logger log = LoggerFactory.getLogger(RunCommand.class);

  private RunCommand() {}

  @Override
  public Integer call() throws Exception {
    Settings settings = connection.settings();
    Progress progress = new Progress(spec.commandLine().getErr());
    progress.say("loading " + settings.model());
    log.info("settings: {}", settings.printable());
    try (BatchClassifier classifier = ModelOptions.open(settings)) {
      ImageDecoder decoder = ModelOptions.decoder(classifier.card(), ModelOptions.limits(settings));
      try (Pipeline pipeline = Pipeline.start(settings, classifier, decoder)) {
        Runtime.getRuntime().addShutdownHook(new Thread(pipeline::close, "vmoe-close"));
        progress.say("running; Ctrl-C stops");
        pipeline.awaitStopped();
        Optional<Throwable> failure = pipeline.failure();
        if (failure.isPresent()) {
          throw new IllegalStateException(
              "the pipeline gave up: " + ErrorText.of(failure.get()), failure.get());
        }
      }
    }
    return 0;
  }
}

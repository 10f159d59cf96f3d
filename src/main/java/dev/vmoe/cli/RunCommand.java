package dev.vmoe.cli;

import dev.vmoe.image.DecoderLimits;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.settings.Settings;
import dev.vmoe.streams.Pipeline;
import java.util.Optional;
import java.util.concurrent.Callable;
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

  private RunCommand() {}

  @Override
  public Integer call() throws Exception {
    Settings settings = connection.settings();
    Progress progress = new Progress(spec.commandLine().getErr());
    progress.say("loading " + settings.model());
    try (BatchClassifier classifier = ModelOptions.open(settings)) {
      ImageDecoder decoder =
          ModelOptions.decoder(
              classifier.card(),
              new DecoderLimits(
                  settings.getInt(Settings.IMAGE_MAX_BYTES),
                  settings.getLong(Settings.IMAGE_MAX_PIXELS)));
      Pipeline pipeline = Pipeline.start(settings, classifier, decoder);
      Thread closing = new Thread(pipeline::close, "vmoe-close");
      Runtime.getRuntime().addShutdownHook(closing);
      progress.say("running; Ctrl-C stops");
      pipeline.awaitStopped();
      Optional<Throwable> failure = pipeline.failure();
      if (failure.isPresent()) {
        pipeline.close();
        throw new IllegalStateException(
            "the pipeline gave up: " + ErrorText.of(failure.get()), failure.get());
      }
      closing.join();
    }
    return 0;
  }
}

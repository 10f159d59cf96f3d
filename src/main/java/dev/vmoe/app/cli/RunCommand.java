package dev.vmoe.app.cli;

import dev.vmoe.app.console.Console;
import dev.vmoe.app.console.Listening;
import dev.vmoe.app.console.RunningInstance;
import dev.vmoe.app.console.RunningView;
import dev.vmoe.streams.instance.BoundedStop;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.instance.SettingsModels;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.Settings;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code vmoe run}: runs one instance of the pipeline until it is told to stop. */
@Command(
    name = "run",
    description =
        "Run one instance of the pipeline until it is stopped (Ctrl-C, SIGTERM). Instances with the"
            + " same application.id share the partitions.",
    exitCodeList = {
      "1:the instance gave up; the log says why",
      "2:wrong usage or settings",
      "3:told to stop, but did not end within stop.timeout.ms",
      "130:stopped by Ctrl-C",
      "143:stopped by SIGTERM"
    })
public final class RunCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  private static final Logger log = LoggerFactory.getLogger(RunCommand.class);

  private RunCommand() {}

  @Override
  public Integer call() throws Exception {
    Settings settings = connection.settings();
    Progress progress = new Progress(spec.commandLine().getErr());
    settings.model(); // fails here, before anything is started, if it is not set
    log.info("settings: {}", settings.printable());
    RunningInstance instance = new RunningInstance();
    try (Meters meters = new Meters();
        Console console = console(settings, meters, instance)) {
      PipelineMetrics metrics = Pipeline.metrics(meters);
      SettingsModels models = new SettingsModels(settings, metrics, progress, instance::loaded);
      AtomicReference<@Nullable Pipeline> started = new AtomicReference<>();
      BoundedStop stop =
          BoundedStop.atExit(
              () -> {
                Optional.ofNullable(started.get()).ifPresent(Pipeline::close);
                models.stop();
              },
              settings.stopTimeout(),
              () -> failure(started).isPresent() ? VmoeCommand.FAILED : VmoeCommand.STOPPED_LATE);
      try {
        Pipeline pipeline = Pipeline.start(settings, models, metrics, instance::waiting);
        started.set(pipeline);
        pipeline.bindKafka(meters);
        instance.started(pipeline, new RunningView(settings, models.names(), pipeline));
        progress.say(
            "running; "
                + (console == null ? "" : console.shows() + " at " + console.address() + "; ")
                + "Ctrl-C stops");
        pipeline.awaitStopped();
      } finally {
        failure(started).ifPresent(e -> log.error("the pipeline gave up", e));
        stop.end();
      }
      Optional<Throwable> failure = failure(started);
      if (failure.isPresent()) {
        throw new IllegalStateException(
            "the pipeline gave up: " + ErrorText.of(failure.get()), failure.get());
      }
    }
    return 0;
  }

  private static Optional<Throwable> failure(AtomicReference<@Nullable Pipeline> started) {
    return Optional.ofNullable(started.get()).flatMap(Pipeline::failure);
  }

  /** Starts the console if it is on; before the model, which may take a while to load. */
  private static @Nullable Console console(
      Settings settings, Meters meters, RunningInstance instance) {
    int port = settings.getInt(Settings.CONSOLE_PORT);
    if (port < 0) {
      return null;
    }
    meters.bindJvm();
    try {
      return Console.start(Listening.of(settings), meters, instance);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "console.host, console.port: " + e.getMessage() + ", -1 for no console", e);
    }
  }
}

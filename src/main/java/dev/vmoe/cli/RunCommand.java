package dev.vmoe.cli;

import dev.vmoe.console.Console;
import dev.vmoe.console.Listening;
import dev.vmoe.console.Protection;
import dev.vmoe.console.TlsIdentity;
import dev.vmoe.console.Token;
import dev.vmoe.metrics.Meters;
import dev.vmoe.metrics.PipelineMetrics;
import dev.vmoe.settings.OperationDefinitions;
import dev.vmoe.settings.SecurityDefinitions;
import dev.vmoe.settings.Settings;
import dev.vmoe.streams.Pipeline;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;
import org.jspecify.annotations.Nullable;
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
            + " (Ctrl-C, SIGTERM). Instances with the same application.id share the partitions.",
    exitCodeList = {
      "1:the instance gave up; the log says why",
      "2:wrong usage or settings",
      "3:told to stop, and not ended within stop.timeout.ms",
      "130:stopped by Ctrl-C",
      "143:stopped by SIGTERM"
    })
final class RunCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  private static final Logger log = LoggerFactory.getLogger(RunCommand.class);

  private RunCommand() {}

  @Override
  public Integer call() throws Exception {
    Settings settings = connection.settings();
    Progress progress = new Progress(spec.commandLine().getErr());
    settings.model(); // or says what is missing, before anything else is done
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
              OperationDefinitions.stopTimeout(settings),
              () -> failure(started).isPresent() ? VmoeCommand.FAILED : VmoeCommand.STOPPED_LATE);
      try {
        Pipeline pipeline = Pipeline.start(settings, models, metrics);
        started.set(pipeline);
        pipeline.bindKafka(meters);
        instance.started(
            pipeline, new RunningView(settings, models.names(), models::complete, pipeline));
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

  /** Starts the console, or none; before the model, which may take a while to load. */
  private static @Nullable Console console(
      Settings settings, Meters meters, RunningInstance instance) {
    int port = settings.getInt(Settings.CONSOLE_PORT);
    if (port < 0) {
      return null;
    }
    meters.bindJvm();
    try {
      return Console.start(listening(settings), meters, instance);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "console.host, console.port: " + e.getMessage() + ", -1 none", e);
    }
  }

  /**
   * Returns where to listen, for whom, and whether with the live page.
   *
   * @throws ConfigException if others would see it who were not meant to, or the certificate cannot
   *     be read
   */
  static Listening listening(Settings settings) {
    String host = settings.getString(Settings.CONSOLE_HOST);
    String page = settings.getString(Settings.CONSOLE_PAGE);
    boolean loopback = Listening.loopback(host);
    boolean shown = page.equals("auto") ? loopback : !page.equals("false");
    Protection protection = protection(settings);
    if (shown && !loopback && !page.equals("open") && protection.token() == null) {
      throw new ConfigException(
          ("console.page = %s at %s would show images and configuration to all who reach the port:"
                  + " set console.token, or console.page = open where something else keeps others"
                  + " out")
              .formatted(page, host));
    }
    if (protection.token() != null && protection.tls() == null && !loopback) {
      log.warn(
          "console.token crosses the network as plain text: set console.tls.certificate, or let a"
              + " proxy encrypt");
    }
    return new Listening(
        host,
        settings.getInt(Settings.CONSOLE_PORT),
        shown,
        settings.getList(Settings.CONSOLE_NAMES),
        protection);
  }

  private static Protection protection(Settings settings) {
    Password token = settings.getPassword(SecurityDefinitions.CONSOLE_TOKEN);
    return new Protection(
        token == null ? null : new Token(token.value()),
        settings.getBoolean(SecurityDefinitions.CONSOLE_METRICS_OPEN),
        tls(settings));
  }

  private static @Nullable TlsIdentity tls(Settings settings) {
    String certificate = settings.getString(SecurityDefinitions.CONSOLE_TLS_CERTIFICATE);
    String key = settings.getString(SecurityDefinitions.CONSOLE_TLS_KEY);
    if (certificate == null) {
      if (key != null || settings.getPassword(SecurityDefinitions.CONSOLE_TLS_PASSWORD) != null) {
        throw new ConfigException(
            "console.tls.key and console.tls.password are of no use without"
                + " console.tls.certificate: set it, or neither");
      }
      return null;
    }
    try {
      if (certificate.endsWith(".p12") || certificate.endsWith(".pfx")) {
        Password password = settings.getPassword(SecurityDefinitions.CONSOLE_TLS_PASSWORD);
        return TlsIdentity.store(Path.of(certificate), password == null ? "" : password.value());
      }
      if (key == null) {
        throw new ConfigException(
            "console.tls.key is not set: give the file with the key of " + certificate);
      }
      return TlsIdentity.pem(Path.of(certificate), Path.of(key));
    } catch (IllegalArgumentException e) {
      throw new ConfigException("console.tls.certificate: " + e.getMessage());
    }
  }
}

package dev.vmoe.app.doctor;

import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.streams.config.ConfigEntry;
import dev.vmoe.streams.config.ConfigHistory;
import dev.vmoe.streams.config.ConfigLog;
import dev.vmoe.streams.config.ConfigReader;
import dev.vmoe.streams.models.FileSums;
import dev.vmoe.streams.models.ModelFiles;
import dev.vmoe.streams.models.ModelFolder;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.models.ServedFiles;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.PipelineException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.KafkaException;

/**
 * The configuration that an instance would take over from the topic, and the model that it names: a
 * record that is refused is passed over for the one before, as instances do.
 */
final class ConfigurationCheck {

  private static final String SUBJECT = "configuration";

  /** A person waits, and a topic of configurations is small. */
  private static final Duration READ_LIMIT = Duration.ofSeconds(5);

  private final Settings settings;
  private final ModelCheck file;
  private final boolean reached;
  private volatile long modelBytes;

  /** What is said of the model in force; empty if that is the settings file's. */
  private String loaded = "";

  /**
   * Creates a check.
   *
   * @param file checks the model of the settings file, which a record may leave in force
   * @param reached whether brokers and registry have all that is needed, as far as was seen
   */
  ConfigurationCheck(Settings settings, ModelCheck file, boolean reached) {
    this.settings = settings;
    this.file = file;
    this.reached = reached;
  }

  /**
   * Returns the bytes of the models in force; 0 if those are the settings file's, or none was
   * found.
   */
  long modelBytes() {
    return modelBytes;
  }

  void into(Findings findings) {
    Optional<Path> ofFile = file.file();
    if (ofFile.isEmpty()) {
      findings.skipped(SUBJECT, "an instance needs the settings file's model first");
      return;
    }
    ConfigHistory history;
    try {
      history = history();
    } catch (KafkaException | PipelineException | RegistryUnavailableException e) {
      if (reached) {
        findings.failed(
            SUBJECT,
            ErrorText.withCause(e),
            "see whether brokers and registry answer, and look again");
      } else {
        findings.skipped(SUBJECT, ErrorText.withCause(e));
      }
      return;
    }
    report(history.tried(entry -> inForce(entry, ofFile.get())), findings);
  }

  private ConfigHistory history() {
    try (RegistryClient registry = RegistryClient.of(settings, Duration.ZERO);
        ConfigLog log = ConfigLog.of(settings)) {
      return log.history(
          READ_LIMIT, new ConfigReader(registry, settings, UnaryOperator.identity()));
    }
  }

  /** Tries a record as an instance would, and loads its models if they are not the file's. */
  private LiveSettings inForce(ConfigEntry entry, Path ofFile) {
    try {
      LiveSettings live = entry.requireSettings();
      String model = live.model();
      Path named = model == null ? ofFile : ModelFolder.graph(settings, model);
      List<ModelFiles> models = new ArrayList<>(List.of(ModelFiles.of(named)));
      for (String beside : live.beside()) {
        models.add(ModelFiles.of(settings, beside));
      }
      ServedFiles files = new ServedFiles(models);
      LiveSettings complete = files.runnable(live, settings);
      boolean otherLadder = !live.beside().equals(LiveSettings.of(settings).beside());
      if (otherLadder || !named.toAbsolutePath().equals(ofFile.toAbsolutePath())) {
        List<String> texts = new ArrayList<>();
        for (ModelFiles each : models) {
          texts.add(load(each.graph()));
        }
        modelBytes = files.bytes().stream().mapToLong(Long::longValue).sum();
        loaded = String.join("; ", texts);
      }
      return complete;
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException(ErrorText.withCause(e), e);
    }
  }

  private String load(Path named) throws IOException {
    String sums =
        FileSums.checkGraph(named) ? "its files as SHA256SUMS says" : "without SHA256SUMS";
    try (VmoeSession session = ModelOpener.openIn(settings.runLayouts().get(0), named, settings)) {
      return ModelCheck.loaded(named, session.card()) + ", " + sums;
    }
  }

  /** Says which record would be in force, and of those refused the newest, as instances do. */
  private void report(ConfigHistory history, Findings findings) {
    history
        .newestRefused()
        .ifPresent(
            entry ->
                findings.warning(
                    SUBJECT,
                    "configuration " + entry.offset() + " is refused: " + entry.refusal(),
                    "correct what it names, or write another: vmoe config set, vmoe config reset"));
    findings.ok(
        SUBJECT,
        history
            .inForce()
            .map(ConfigurationCheck::text)
            .orElse("that of the settings file, no record is in force"));
    if (!loaded.isEmpty()) {
      findings.ok("configured model", loaded);
    }
  }

  private static String text(ConfigEntry entry) {
    return entry.requireSettings().version() == null
        ? "that of the settings file, by the reset of record " + entry.offset()
        : "configuration %d is in force: %s"
            .formatted(entry.offset(), new TreeMap<>(entry.overrides()));
  }
}

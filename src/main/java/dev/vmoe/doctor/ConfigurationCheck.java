package dev.vmoe.doctor;

import dev.vmoe.config.ConfigEntry;
import dev.vmoe.config.ConfigLog;
import dev.vmoe.config.ConfigReader;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.modelstore.FileSums;
import dev.vmoe.modelstore.ModelFiles;
import dev.vmoe.modelstore.ModelFolder;
import dev.vmoe.modelstore.ModelOpener;
import dev.vmoe.output.ErrorText;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import dev.vmoe.topics.PipelineException;
import dev.vmoe.topics.TopicPlan;
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

  /**
   * Creates a look.
   *
   * @param file at the model of the settings file, which a record may leave in force
   * @param reached whether brokers and registry have all that is needed, as far as was seen
   */
  ConfigurationCheck(Settings settings, ModelCheck file, boolean reached) {
    this.settings = settings;
    this.file = file;
    this.reached = reached;
  }

  /**
   * Returns the bytes of the model in force; 0 if that is the settings file's, or none was found.
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
    List<ConfigEntry> entries;
    try {
      entries = entries();
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
    judge(entries, ofFile.get(), findings);
  }

  private List<ConfigEntry> entries() {
    List<ConfigEntry> entries = new ArrayList<>();
    try (RegistryClient registry =
            new RegistryClient(
                settings.getString(Settings.REGISTRY_URL),
                settings.registryProperties(),
                Duration.ZERO);
        ConfigLog log =
            new ConfigLog(settings.consumerProperties(), settings.topic(TopicPlan.CONFIG))) {
      ConfigReader reader = new ConfigReader(registry, settings, UnaryOperator.identity());
      log.readToEnd(READ_LIMIT, record -> entries.add(reader.read(record)));
    }
    return entries;
  }

  /** Says which record would be in force, and of those refused the newest, as instances do. */
  private void judge(List<ConfigEntry> entries, Path ofFile, Findings findings) {
    boolean refused = false;
    for (int i = entries.size() - 1; i >= 0; i--) {
      ConfigEntry entry = entries.get(i);
      String refusal = refusal(entry, ofFile, findings);
      if (refusal.isEmpty()) {
        return;
      }
      if (!refused) {
        findings.warning(
            SUBJECT,
            "configuration " + entry.offset() + " is refused: " + refusal,
            "mend what it names, or write another: vmoe config set, vmoe config reset");
        refused = true;
      }
    }
    findings.ok(SUBJECT, "that of the settings file, no record is in force");
  }

  /** Returns why a record is refused; empty if it is in force, which has been said then. */
  private String refusal(ConfigEntry entry, Path ofFile, Findings findings) {
    LiveSettings live = entry.settings();
    if (live == null) {
      return String.valueOf(entry.refusal());
    }
    try {
      String model = live.model();
      Path named = model == null ? ofFile : ModelFolder.graph(settings, model);
      LiveSettings complete = ModelFiles.of(named).runnable(live, settings);
      boolean another = !named.toAbsolutePath().equals(ofFile.toAbsolutePath());
      String loaded = another ? load(named) : "";
      sayInForce(entry, complete, findings);
      if (another) {
        modelBytes = ModelFiles.bytes(named);
        findings.ok("configured model", loaded);
      }
      return "";
    } catch (IOException | RuntimeException e) {
      return ErrorText.withCause(e);
    }
  }

  private String load(Path named) throws IOException {
    String sums =
        FileSums.checkGraph(named) ? "its files as SHA256SUMS says" : "without SHA256SUMS";
    String device = settings.getString(Settings.DEVICE);
    try (VmoeSession session = ModelOpener.open(named, device, settings.inferenceThreads())) {
      return ModelCheck.loaded(named, session.card()) + ", " + sums;
    }
  }

  private static void sayInForce(ConfigEntry entry, LiveSettings complete, Findings findings) {
    findings.ok(
        SUBJECT,
        complete.version() == null
            ? "that of the settings file, by the reset of record " + entry.offset()
            : "configuration %d is in force: %s"
                .formatted(entry.offset(), new TreeMap<>(entry.overrides())));
  }
}

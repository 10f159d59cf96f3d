package dev.vmoe.app.console;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.PatchGrid;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.config.ConfigConflictException;
import dev.vmoe.streams.config.ConfigEntry;
import dev.vmoe.streams.config.ConfigReader;
import dev.vmoe.streams.config.ConfigWriter;
import dev.vmoe.streams.config.LiveConfiguration;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topology.NewestImages;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.jspecify.annotations.Nullable;

/** What the console shows of a running pipeline, and the configuration it writes. */
public final class RunningView implements PipelineView {

  /** Values of settings that have a choice. */
  private static final Map<String, List<String>> CHOICES =
      Map.of(
          Settings.CAPACITY_MODE, List.of("adaptive", "fixed"),
          Settings.ROUTING, List.of("bpr", "vanilla"));

  private static final String AUTHOR = "live page";

  private final Settings settings;
  private final List<String> models;
  private final Pipeline pipeline;

  /**
   * Creates a view.
   *
   * @param settings of the instance
   * @param models names of the models that it can change to
   */
  public RunningView(Settings settings, List<String> models, Pipeline pipeline) {
    this.settings = settings;
    this.models = List.copyOf(models);
    this.pipeline = pipeline;
  }

  @Override
  public Configuration configuration() {
    LiveConfiguration live = pipeline.configuration();
    Optional<ConfigEntry> record = live.inForce();
    Set<String> overridden = record.map(entry -> entry.overrides().keySet()).orElse(Set.of());
    List<Configuration.ShownSetting> all = new ArrayList<>();
    LiveSettings now = live.current();
    now.asSettings()
        .forEach(
            (key, value) -> {
              ConfigKey definition =
                  Objects.requireNonNull(Settings.DEFINITION.configKeys().get(key));
              all.add(
                  new Configuration.ShownSetting(
                      key,
                      value,
                      overridden.contains(key),
                      choices(key, value),
                      definition.documentation));
            });
    return new Configuration(
        now.version(),
        record
            .map(
                entry ->
                    new Configuration.RecordSignature(
                        entry.offset(), entry.timestampMillis(), entry.author(), entry.note()))
            .orElse(null),
        all,
        live.lastRefused()
            .map(it -> new Configuration.RefusedRecord(it.offset(), String.valueOf(it.refusal())))
            .orElse(null));
  }

  private List<String> choices(String key, String value) {
    if (!key.equals(Settings.MODEL)) {
      return CHOICES.getOrDefault(key, List.of());
    }
    return Stream.concat(Stream.of(value), models.stream()).distinct().toList();
  }

  @Override
  public List<DeadLetterView> deadLetters() {
    return pipeline.newestDeadLetters().newest().stream()
        .map(
            letter ->
                new DeadLetterView(
                    letter.timeMs(),
                    letter.topic(),
                    letter.partition(),
                    letter.offset(),
                    letter.reason()))
        .toList();
  }

  @Override
  public Optional<BatchView> images() {
    return pipeline.newestImages().look().map(this::batch);
  }

  private BatchView batch(NewestImages.ShownBatch batch) {
    ModelCard card = batch.card();
    PatchGrid grid = PatchGrid.of(card);
    return new BatchView(
        batch.id(),
        card.name(),
        batch.batchSize(),
        batch.requestedCapacityRatio(),
        batch.effectiveCapacityRatio(),
        batch.expertsPerToken(),
        card.moeBlocks(),
        grid.side(),
        batch.images().stream().map(image -> image(image, grid)).toList());
  }

  private static ImageView image(NewestImages.ShownImage image, PatchGrid grid) {
    return new ImageView(
        image.topic(),
        image.partition(),
        image.offset(),
        image.label(),
        image.top().stream().map(best -> new Score(best.label(), best.score())).toList(),
        Base64.getEncoder().encodeToString(image.png()),
        image.kept().stream().map(grid::keptDigits).toList());
  }

  @Override
  public boolean writable() {
    return settings.getBoolean(Settings.CONSOLE_CONFIG_WRITE);
  }

  @Override
  public String change(ConfigurationChange change) {
    UnaryOperator<Map<String, String>> edit = ConfigWriter.changeTo(change.settings());
    String author = change.author() == null ? AUTHOR : change.author();
    pipeline.configuration().newestWaiting().ifPresent(RunningView::refuseBehind);
    ConfigWriter.Seen seen = pipeline.configuration().seen();
    if (!Objects.equals(change.version(), seen.version())) {
      throw new ConfigConflictException(
          "%s is in force by now, not %s, so nothing was written; look at it and try again"
              .formatted(name(seen.version()), name(change.version())),
          null);
    }
    try (RegistryClient registry = RegistryClient.of(settings)) {
      ConfigReader reader = new ConfigReader(registry, settings, pipeline::complete);
      return new ConfigWriter(settings, registry, reader, ConfigEntry::requireSettings)
          .editSeen(seen, edit, author, change.note())
          .map(ConfigWriter.Written::toLine)
          .orElse("nothing to change");
    }
  }

  /** Nobody can tell yet what a change would be made to. */
  private static void refuseBehind(ConfigEntry waiting) {
    throw new ConfigConflictException(
        ("configuration %d waits until model %s is loaded, so nothing was written; try again then,"
                + " or call it off with vmoe config set model= models.ladder=")
            .formatted(waiting.offset(), waiting.requireSettings().modelsText()),
        null);
  }

  private static String name(@Nullable Long version) {
    return version == null ? "the settings file" : "configuration " + version;
  }
}

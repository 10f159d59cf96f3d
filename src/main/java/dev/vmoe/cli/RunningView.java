package dev.vmoe.cli;

import dev.vmoe.console.Change;
import dev.vmoe.console.Configuration;
import dev.vmoe.console.ConflictException;
import dev.vmoe.console.PipelineView;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import dev.vmoe.streams.ConfigConflictException;
import dev.vmoe.streams.ConfigEntry;
import dev.vmoe.streams.ConfigReader;
import dev.vmoe.streams.ConfigWriter;
import dev.vmoe.streams.LiveConfiguration;
import dev.vmoe.streams.NewestImages;
import dev.vmoe.streams.Pipeline;
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

/** What the console shows of a running pipeline, and the configuration it writes. */
final class RunningView implements PipelineView {

  /** Settings whose values can be counted. */
  private static final Map<String, List<String>> CHOICES =
      Map.of(
          Settings.CAPACITY_MODE, List.of("adaptive", "fixed"),
          Settings.ROUTING, List.of("bpr", "vanilla"));

  private static final String AUTHOR = "live page";

  private final Settings settings;
  private final List<String> models;
  private final UnaryOperator<LiveSettings> check;
  private final Pipeline pipeline;

  /**
   * Creates a view.
   *
   * @param settings of the instance
   * @param models names of the models that it can change to
   * @param check completes settings, or refuses them, as the instance does
   */
  RunningView(
      Settings settings,
      List<String> models,
      UnaryOperator<LiveSettings> check,
      Pipeline pipeline) {
    this.settings = settings;
    this.models = List.copyOf(models);
    this.check = check;
    this.pipeline = pipeline;
  }

  @Override
  public Configuration configuration() {
    LiveConfiguration live = pipeline.configuration();
    Optional<ConfigEntry> record = live.lastValid();
    Set<String> overridden = record.map(entry -> entry.overrides().keySet()).orElse(Set.of());
    List<Configuration.Setting> all = new ArrayList<>();
    LiveSettings now = live.current();
    now.asSettings()
        .forEach(
            (key, value) -> {
              ConfigKey definition =
                  Objects.requireNonNull(Settings.DEFINITION.configKeys().get(key));
              all.add(
                  new Configuration.Setting(
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
                    new Configuration.Signature(
                        entry.offset(), entry.timestampMillis(), entry.author(), entry.note()))
            .orElse(null),
        all,
        live.lastRefusal()
            .map(refusal -> new Configuration.Refusal(refusal.offset(), refusal.reason()))
            .orElse(null));
  }

  private List<String> choices(String key, String value) {
    if (!key.equals(Settings.MODEL)) {
      return CHOICES.getOrDefault(key, List.of());
    }
    return Stream.concat(Stream.of(value), models.stream()).distinct().toList();
  }

  @Override
  public List<DeadLetter> deadLetters() {
    return pipeline.newestDeadLetters().newest().stream()
        .map(
            letter ->
                new DeadLetter(
                    letter.timeMs(), letter.partition(), letter.offset(), letter.reason()))
        .toList();
  }

  @Override
  public Optional<Batch> images() {
    return pipeline.newestImages().look().map(this::batch);
  }

  private Batch batch(NewestImages.Batch batch) {
    ModelCard card = batch.card();
    int columns = columns(card);
    return new Batch(
        batch.id(),
        batch.batchSize(),
        batch.requestedCapacityRatio(),
        batch.effectiveCapacityRatio(),
        batch.expertsPerToken(),
        card.moeBlocks(),
        columns,
        batch.images().stream().map(image -> image(image, card, columns)).toList());
  }

  /** Patches are a square, behind the class token where there is one. */
  private static int columns(ModelCard card) {
    int withToken = (int) Math.sqrt(card.tokensPerImage() - 1);
    if (withToken * withToken == card.tokensPerImage() - 1) {
      return withToken;
    }
    int without = (int) Math.sqrt(card.tokensPerImage());
    return without * without == card.tokensPerImage() ? without : 0;
  }

  private static Image image(NewestImages.Image image, ModelCard card, int columns) {
    int first = card.tokensPerImage() - columns * columns;
    return new Image(
        image.partition(),
        image.offset(),
        image.label(),
        image.top().stream().map(best -> new Score(best.label(), best.score())).toList(),
        Base64.getEncoder().encodeToString(image.png()),
        image.kept().stream().map(tokens -> digits(tokens, first)).toList());
  }

  /** One digit a patch: K is below ten in every model there is, and more look the same. */
  private static String digits(byte[] kept, int first) {
    StringBuilder digits = new StringBuilder();
    for (int token = first; token < kept.length; token++) {
      digits.append(Math.min(9, kept[token]));
    }
    return digits.toString();
  }

  @Override
  public boolean writable() {
    return settings.getBoolean(Settings.CONSOLE_CONFIG_WRITE);
  }

  @Override
  public String change(Change change) {
    ConfigEdit edit = new ConfigEdit(change.settings());
    String author = change.author() == null ? AUTHOR : change.author();
    try (RegistryClient registry = ConnectionOptions.registry(settings)) {
      return new ConfigWriter(settings, registry, new ConfigReader(registry, settings, check))
          .editSeen(change.version(), edit, author, change.note())
          .map(ConfigView::written)
          .orElse("nothing to change");
    } catch (ConfigConflictException e) {
      throw new ConflictException(String.valueOf(e.getMessage()), e);
    }
  }
}

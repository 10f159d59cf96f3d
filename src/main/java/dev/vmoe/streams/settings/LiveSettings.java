package dev.vmoe.streams.settings;

import dev.vmoe.core.batch.OffHeapMemory;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.jspecify.annotations.Nullable;

/**
 * The settings that may change while an instance runs: a record of the configuration topic
 * overrides the settings file.
 *
 * @param version offset of the record; null where the settings file alone is in force
 * @param model name of the model, or its path if the settings file has one; null if neither is set
 * @param ladder names of the models that may answer beside it in adaptive mode
 * @param capacity settings of the capacity controller
 * @param latePolicy what becomes of images that can no longer be in time
 * @param maxBatchImages maximum images of a micro-batch
 * @param linger maximum wait of the oldest image of a micro-batch
 */
public record LiveSettings(
    @Nullable Long version,
    @Nullable String model,
    List<String> ladder,
    CapacitySettings capacity,
    LatePolicy latePolicy,
    int maxBatchImages,
    Duration linger) {

  /** The settings that a configuration record may hold, in the order in which they are shown. */
  public static final List<String> KEYS =
      List.of(
          Settings.MODEL,
          Settings.MODELS_LADDER,
          Settings.CAPACITY_MODE,
          Settings.CAPACITY_RATIO,
          Settings.EXPERTS_PER_TOKEN,
          Settings.CAPACITY_RATIO_MIN,
          Settings.CAPACITY_RATIO_MAX,
          Settings.EXPERTS_PER_TOKEN_MIN,
          Settings.EXPERTS_PER_TOKEN_MAX,
          Settings.TARGET_LATENCY_MS,
          Settings.LATE_POLICY,
          Settings.ROUTING,
          Settings.BATCH_MAX_IMAGES,
          Settings.BATCH_LINGER_MS);

  /** Rejects settings that contradict each other; copies the list. */
  public LiveSettings {
    ladder = List.copyOf(ladder);
    if (model != null && ladder.contains(model)) {
      throw new IllegalArgumentException(
          "%s: %s is the model itself (%s); name only those beside it"
              .formatted(Settings.MODELS_LADDER, model, Settings.MODEL));
    }
    if ((capacity.mode() == CapacityMode.ADAPTIVE || latePolicy == LatePolicy.EXPIRE)
        && capacity.targetLatency().compareTo(linger) <= 0) {
      throw new IllegalArgumentException(
          "%s %d is not above %s %d: no time would be left after waiting for a batch to fill"
              .formatted(
                  Settings.TARGET_LATENCY_MS,
                  capacity.targetLatency().toMillis(),
                  Settings.BATCH_LINGER_MS,
                  linger.toMillis()));
    }
  }

  /**
   * Returns the settings of the file alone.
   *
   * @throws IllegalArgumentException if they contradict each other
   */
  public static LiveSettings of(Settings file) {
    return of(file, Map.of(), null);
  }

  /**
   * Returns the settings of the file, overridden by a record.
   *
   * @param overrides values of the record, by setting
   * @param version the record's offset
   * @throws IllegalArgumentException if a key is not one of {@link #KEYS}, a value is wrong or two
   *     contradict each other; the message names all wrong values
   */
  public static LiveSettings of(
      Settings file, Map<String, String> overrides, @Nullable Long version) {
    Values values = new Values(file, parsed(overrides));
    return new LiveSettings(
        version,
        (String) values.find(Settings.MODEL),
        ModelName.ladder((String) values.get(Settings.MODELS_LADDER)),
        new CapacitySettings(
            CapacityMode.ofLabel((String) values.get(Settings.CAPACITY_MODE)),
            (Double) values.get(Settings.CAPACITY_RATIO),
            (Integer) values.get(Settings.EXPERTS_PER_TOKEN),
            new CapacitySettings.Bounds(
                (Double) values.get(Settings.CAPACITY_RATIO_MIN),
                (Double) values.get(Settings.CAPACITY_RATIO_MAX),
                (Integer) values.get(Settings.EXPERTS_PER_TOKEN_MIN),
                (Integer) values.get(Settings.EXPERTS_PER_TOKEN_MAX)),
            Duration.ofMillis((Long) values.get(Settings.TARGET_LATENCY_MS)),
            Routing.ofLabel((String) values.get(Settings.ROUTING))),
        LatePolicy.ofLabel((String) values.get(Settings.LATE_POLICY)),
        (Integer) values.get(Settings.BATCH_MAX_IMAGES),
        Duration.ofMillis((Long) values.get(Settings.BATCH_LINGER_MS)));
  }

  private record Values(Settings file, Map<String, Object> overrides) {
    Object get(String key) {
      return Objects.requireNonNull(find(key), key);
    }

    @Nullable Object find(String key) {
      Object override = overrides.get(key);
      return override == null ? file.values().get(key) : override;
    }
  }

  private static Map<String, Object> parsed(Map<String, String> overrides) {
    Map<String, Object> values = new HashMap<>();
    List<String> problems = new ArrayList<>();
    new TreeMap<>(overrides)
        .forEach(
            (key, text) -> {
              try {
                values.put(key, parsed(key, text));
              } catch (IllegalArgumentException e) {
                problems.add(String.valueOf(e.getMessage()));
              }
            });
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", problems));
    }
    return values;
  }

  /**
   * Resolves no configuration provider and takes a model by name only, not by path: a record must
   * not make an instance read arbitrary files.
   */
  private static Object parsed(String key, String text) {
    requireKey(key);
    ConfigKey definition = Objects.requireNonNull(Settings.DEFINITION.configKeys().get(key));
    String problem = Problem.inValue(definition, text);
    if (!problem.isEmpty()) {
      throw new IllegalArgumentException(key + ": " + problem);
    }
    if (key.equals(Settings.MODEL)) {
      ModelName.require(text);
    }
    Object value = Problem.parse(definition, text);
    return key.equals(Settings.MODELS_LADDER)
        ? ModelName.ladderText(ModelName.ladder((String) value))
        : value;
  }

  /**
   * Checks that a setting may change while instances run.
   *
   * @throws IllegalArgumentException if it may not; the message names those that may
   */
  public static void requireKey(String key) {
    String removed = RemovedSettings.insteadOf(key);
    if (removed != null) {
      throw new IllegalArgumentException(key + ": " + removed);
    }
    if (!KEYS.contains(key)) {
      throw new IllegalArgumentException(
          "%s cannot be changed while instances run%s; these can be: %s"
              .formatted(key, Nearest.suggestion(key, KEYS), String.join(", ", KEYS)));
    }
  }

  /**
   * Returns the canonical text of a value: {@code 0.5} for {@code 0.50}.
   *
   * @throws IllegalArgumentException if key or value are wrong
   */
  public static String canonical(String key, String text) {
    return parsed(key, text).toString();
  }

  /**
   * Returns the settings with every K known, for models that may be chosen among.
   *
   * @param cards of the model first, then of those {@link #beside} it
   * @throws IllegalArgumentException if the models cannot run with them; its message has the
   *     numbers
   */
  public LiveSettings forModels(List<ModelCard> cards) {
    return new LiveSettings(
        version, model, ladder, capacity.forModels(cards), latePolicy, maxBatchImages, linger);
  }

  /**
   * Returns the settings with every K known, of which batches fit into the memory of this JVM.
   *
   * @param runs batches that run at once
   * @throws IllegalArgumentException if the models cannot run with them in this memory
   */
  public LiveSettings runnable(List<ModelCard> cards, int runs) {
    LiveSettings complete = forModels(cards);
    OffHeapMemory.ofThisJvm().requireBuffers(cards.get(0).imageSize(), maxBatchImages, runs);
    return complete;
  }

  /** Returns the names of the models that are served beside the model: none in fixed mode. */
  public List<String> beside() {
    return capacity.mode() == CapacityMode.ADAPTIVE ? ladder : List.of();
  }

  /** Returns the model and those beside it, for people. */
  public String modelsText() {
    String first = model == null ? "the one of the settings file" : model;
    return beside().isEmpty() ? first : first + " beside " + ModelName.ladderText(beside());
  }

  /** Returns the value of each of {@link #KEYS} that is set, as text of a settings file. */
  public Map<String, String> asSettings() {
    Map<String, String> texts = new LinkedHashMap<>();
    CapacitySettings.Bounds bounds = capacity.bounds();
    if (model != null) {
      texts.put(Settings.MODEL, model);
    }
    texts.put(Settings.MODELS_LADDER, ModelName.ladderText(ladder));
    texts.put(Settings.CAPACITY_MODE, capacity.mode().label());
    texts.put(Settings.CAPACITY_RATIO, Double.toString(capacity.ratio()));
    texts.put(Settings.EXPERTS_PER_TOKEN, Integer.toString(capacity.expertsPerToken()));
    texts.put(Settings.CAPACITY_RATIO_MIN, Double.toString(bounds.minRatio()));
    texts.put(Settings.CAPACITY_RATIO_MAX, Double.toString(bounds.maxRatio()));
    texts.put(Settings.EXPERTS_PER_TOKEN_MIN, Integer.toString(bounds.minExpertsPerToken()));
    texts.put(Settings.EXPERTS_PER_TOKEN_MAX, Integer.toString(bounds.maxExpertsPerToken()));
    texts.put(Settings.TARGET_LATENCY_MS, Long.toString(capacity.targetLatency().toMillis()));
    texts.put(Settings.LATE_POLICY, latePolicy.label());
    texts.put(Settings.ROUTING, capacity.routing().label());
    texts.put(Settings.BATCH_MAX_IMAGES, Integer.toString(maxBatchImages));
    texts.put(Settings.BATCH_LINGER_MS, Long.toString(linger.toMillis()));
    return texts;
  }

  /**
   * Returns the values that a capacity controller depends on, and no others. While they are equal,
   * a change of configuration keeps the controller, and with it its estimate of the load.
   *
   * @throws IllegalArgumentException if K is the model's own and the model is not known yet
   */
  public List<Object> controllerInputs() {
    return capacity.mode() == CapacityMode.FIXED
        ? List.of(capacity.point(), capacity.routing(), maxBatchImages)
        : List.of(
            capacity.bounds().toPoints(),
            capacity.targetLatency(),
            capacity.routing(),
            maxBatchImages);
  }

  /** Returns the differences from earlier settings, by setting: "old → new". */
  public Map<String, String> changesSince(LiveSettings earlier) {
    Map<String, String> old = earlier.asSettings();
    Map<String, String> changes = new LinkedHashMap<>();
    asSettings()
        .forEach(
            (key, value) -> {
              if (!value.equals(old.get(key))) {
                changes.put(key, old.getOrDefault(key, "none") + " → " + value);
              }
            });
    return changes;
  }

  /** Returns the differences from earlier settings for people, one text a setting. */
  public List<String> differencesFrom(LiveSettings earlier) {
    Map<String, String> changes = changesSince(earlier);
    return changes.isEmpty()
        ? List.of("nothing changed")
        : changes.entrySet().stream()
            .map(change -> change.getKey() + " " + change.getValue())
            .toList();
  }
}

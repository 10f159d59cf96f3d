package dev.vmoe.instance;

import dev.vmoe.batch.BatchLimits;
import dev.vmoe.batch.BatchTerms;
import dev.vmoe.batch.ServedModel;
import dev.vmoe.capacity.Load;
import dev.vmoe.config.ConfigFollower;
import dev.vmoe.inference.InferenceException;
import dev.vmoe.inference.WatchedClassifier;
import dev.vmoe.metrics.PipelineMetrics;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.LiveSettings;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The model that is served, and the change to another one: the new one is loaded beside it, and the
 * batches opened from then on are its own. Each batch keeps the model it was opened with until it
 * has run; then the old model is closed.
 */
final class ServedModels implements ConfigFollower, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ServedModels.class);

  private final ModelSource source;
  private final LongFunction<Load> loads;
  private final long maxBatchBytes;
  private final PipelineMetrics metrics;

  /** Models that have been loaded and not given back. */
  private final Set<LoadedModel> open = new HashSet<>();

  /** Models that are served or have been, by the hash of their weights. */
  private final Map<String, ModelCard> cards = new ConcurrentHashMap<>();

  private volatile @Nullable InForce inForce;

  /** What counts for the next batch; replaced whole. */
  private record InForce(
      LiveSettings settings,
      LoadedModel loaded,
      WatchedClassifier watched,
      LiveCapacity capacity,
      BatchTerms terms) {}

  /**
   * Creates models of which none is served yet.
   *
   * @param source has the models
   * @param loads returns the load as it is known at a time of {@link System#nanoTime()}
   * @param maxBatchBytes most encoded bytes of a batch
   * @param metrics told which model is served
   */
  ServedModels(
      ModelSource source, LongFunction<Load> loads, long maxBatchBytes, PipelineMetrics metrics) {
    this.source = source;
    this.loads = loads;
    this.maxBatchBytes = maxBatchBytes;
    this.metrics = metrics;
  }

  @Override
  public boolean isReadyFor(LiveSettings settings) {
    InForce now = inForce;
    return now != null && Objects.equals(now.settings().model(), settings.model());
  }

  @Override
  public Change prepare(LiveSettings settings) {
    return isReadyFor(settings) ? () -> take(settings) : load(source.complete(settings));
  }

  private LiveSettings take(LiveSettings asked) {
    InForce now = inForce();
    LiveSettings settings = now.loaded().check().apply(asked);
    now.capacity().take(settings);
    inForce =
        new InForce(
            settings,
            now.loaded(),
            now.watched(),
            now.capacity(),
            new BatchTerms(now.terms().model(), limits(settings)));
    return settings;
  }

  /** Loads a model; the settings are complete for it. */
  private Change load(LiveSettings settings) {
    long startNanos = System.nanoTime();
    LoadedModel loaded = loaded(settings);
    synchronized (open) {
      open.add(loaded);
    }
    LiveCapacity capacity;
    try {
      capacity = new LiveCapacity(loaded.controllers(), loads, settings);
    } catch (RuntimeException e) {
      giveBack(loaded);
      throw e;
    }
    WatchedClassifier watched = new WatchedClassifier(loaded.classifier());
    ServedModel model =
        new ServedModel(watched, loaded.decoder(), capacity, () -> giveBack(loaded));
    InForce next =
        new InForce(settings, loaded, watched, capacity, new BatchTerms(model, limits(settings)));
    long loadedMs = (System.nanoTime() - startNanos) / 1_000_000;
    return new Change() {
      @Override
      public LiveSettings make() {
        changeTo(next, loadedMs);
        return settings;
      }

      @Override
      public void drop() {
        model.release();
      }
    };
  }

  private LoadedModel loaded(LiveSettings settings) {
    try {
      return source.load(settings);
    } catch (OutOfMemoryError | LinkageError e) {
      throw new InferenceException("no room for the model, or no runtime: " + e, e);
    }
  }

  private void changeTo(InForce next, long loadedMs) {
    InForce before = inForce;
    ModelCard card = next.watched().card();
    metrics.model(card.name(), card.weightsHash(), card.moeBlocks(), card.numExperts());
    cards.put(card.weightsHash(), card);
    inForce = next;
    if (before != null) {
      ModelCard old = before.watched().card();
      log.info(
          "model {} ({}) from the next batch on, after {} ({}); it took {} ms to load",
          card.name(),
          card.weightsHash(),
          old.name(),
          old.weightsHash(),
          loadedMs);
      before.terms().model().release();
    }
  }

  /** A model that does not close must not stop the batches of the one after it. */
  private void giveBack(LoadedModel loaded) {
    synchronized (open) {
      if (!open.remove(loaded)) {
        return;
      }
    }
    try {
      loaded.close();
    } catch (RuntimeException e) {
      log.warn("model {} could not be closed", loaded.card().name(), e);
    }
  }

  private BatchLimits limits(LiveSettings live) {
    return new BatchLimits(live.maxBatchImages(), maxBatchBytes, live.linger());
  }

  private InForce inForce() {
    return Objects.requireNonNull(inForce, "no model is served yet");
  }

  /** Returns what the next batch is opened under. */
  BatchTerms terms() {
    return inForce().terms();
  }

  /** Returns the model that the next batch is run with. */
  WatchedClassifier served() {
    return inForce().watched();
  }

  /** Returns the model of a weights hash, if it is served or has been. */
  Optional<ModelCard> everServed(String weightsHash) {
    return Optional.ofNullable(cards.get(weightsHash));
  }

  /** Gives back what is open; no batch may run any more. */
  @Override
  public void close() {
    Set<LoadedModel> rest;
    synchronized (open) {
      rest = Set.copyOf(open);
    }
    rest.forEach(this::giveBack);
  }
}

package dev.vmoe.streams.instance;

import dev.vmoe.core.batch.BatchLimits;
import dev.vmoe.core.batch.BatchTerms;
import dev.vmoe.core.batch.ServedModel;
import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.inference.WatchedClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.streams.config.ConfigFollower;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.LiveSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The terms that the next batch is opened under, the only place that holds the settings in force. A
 * change of configuration prepares new terms and replaces them with one write; batches that are
 * open keep theirs.
 *
 * <p>Another model, or another ladder, is loaded beside what is served, whole: also a model that
 * both have. Each batch keeps the models it was opened with until it has run; then they are closed.
 */
final class TermsInForce implements ConfigFollower, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(TermsInForce.class);

  private final ModelSource source;
  private final LongFunction<Load> loads;
  private final long maxBatchBytes;
  private final PipelineMetrics metrics;

  /** Models that have been loaded and not given back. */
  private final Set<LoadedModel> open = new HashSet<>();

  private volatile @Nullable InForce inForce;

  /** The terms with the parts of their models that a batch does not need; replaced whole. */
  private record InForce(
      LiveSettings settings, LoadedModel loaded, WatchedClassifier watched, BatchTerms terms) {}

  /**
   * Creates terms that have no model yet.
   *
   * @param source has the models
   * @param loads returns the load as it is known at a time of {@link System#nanoTime()}
   * @param maxBatchBytes maximum encoded bytes of a batch
   * @param metrics told which model is served
   */
  TermsInForce(
      ModelSource source, LongFunction<Load> loads, long maxBatchBytes, PipelineMetrics metrics) {
    this.source = source;
    this.loads = loads;
    this.maxBatchBytes = maxBatchBytes;
    this.metrics = metrics;
  }

  /** Returns what the next batch is opened under. */
  BatchTerms terms() {
    return inForce().terms();
  }

  /** Returns the first model that the next batch may be run with, watched with those beside it. */
  WatchedClassifier served() {
    return inForce().watched();
  }

  /** Returns the bytes of the files of all models that the next batch may be run with. */
  long modelBytes() {
    return inForce().loaded().fileBytes();
  }

  /** Returns the first model that has experts, or the first one if all are dense. */
  ModelCard routed() {
    List<ModelCard> cards = inForce().loaded().cards();
    return cards.stream().filter(card -> !card.dense()).findFirst().orElse(cards.get(0));
  }

  private InForce inForce() {
    return Objects.requireNonNull(inForce, "no model is served yet");
  }

  /**
   * Returns settings complete for the model that they name, without loading it.
   *
   * @throws IllegalArgumentException if this instance would refuse them, saying why
   */
  LiveSettings complete(LiveSettings settings) {
    return source.complete(settings);
  }

  @Override
  public LiveSettings current() {
    return inForce().settings();
  }

  @Override
  public boolean isReadyFor(LiveSettings settings) {
    return inForce != null
        && Objects.equals(current().model(), settings.model())
        && current().beside().equals(settings.beside());
  }

  @Override
  public Prepared prepare(LiveSettings settings) {
    return isReadyFor(settings) ? sameModel(settings) : otherModel(settings);
  }

  private Prepared sameModel(LiveSettings asked) {
    InForce now = inForce();
    BatchTerms before = now.terms();
    ControllerFactory factory = now.loaded().controllers();
    LiveSettings settings = runnable(asked, now.loaded());
    CapacityController controller = before.controller();
    if (settings.controllerInputs().equals(now.settings().controllerInputs())) {
      factory.check(settings);
    } else {
      controller = loadAware(factory.create(settings), now.loaded());
    }
    BatchTerms terms = terms(settings, before.model(), controller);
    InForce next = new InForce(settings, now.loaded(), now.watched(), terms);
    return () -> inForce = next;
  }

  private Prepared otherModel(LiveSettings asked) {
    long startNanos = System.nanoTime();
    LoadedModel loaded = loaded(asked);
    synchronized (open) {
      open.add(loaded);
    }
    List<WatchedClassifier> watched = WatchedClassifier.together(loaded.classifiers());
    ServedModel model = new ServedModel(watched, loaded.decoder(), () -> giveBack(loaded));
    InForce next;
    try {
      LiveSettings settings = runnable(asked, loaded);
      CapacityController controller = loadAware(loaded.controllers().create(settings), loaded);
      next = new InForce(settings, loaded, watched.get(0), terms(settings, model, controller));
    } catch (RuntimeException e) {
      model.release();
      throw e;
    }
    long loadedMs = (System.nanoTime() - startNanos) / 1_000_000;
    return new Prepared() {
      @Override
      public void make() {
        changeTo(next, loadedMs);
      }

      @Override
      public void drop() {
        model.release();
      }
    };
  }

  private static LiveSettings runnable(LiveSettings asked, LoadedModel loaded) {
    return asked.runnable(loaded.cards(), loaded.parallelRuns());
  }

  private CapacityController loadAware(CapacityController controller, LoadedModel loaded) {
    return new LoadAwareController(
        controller, loads, loaded.cards().stream().map(ModelCard::name).toList());
  }

  private BatchTerms terms(
      LiveSettings settings, ServedModel model, CapacityController controller) {
    return new BatchTerms(
        model,
        new BatchLimits(settings.maxBatchImages(), maxBatchBytes, settings.linger()),
        controller,
        settings.version());
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
    List<ModelCard> now = next.loaded().cards();
    metrics.models(
        now.stream()
            .map(
                card ->
                    new PipelineMetrics.MeteredModel(
                        card.name(), card.weightsHash(), card.moeBlocks(), card.numExperts()))
            .toList());
    inForce = next;
    if (before != null) {
      log.info(
          "model {} from the next batch on, after {}; it took {} ms to load",
          text(now),
          text(before.loaded().cards()),
          loadedMs);
      before.terms().model().release();
    }
  }

  private static String text(List<ModelCard> cards) {
    return cards.stream()
        .map(card -> card.name() + " (" + card.weightsHash() + ")")
        .collect(Collectors.joining(", "));
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
      log.warn("model {} could not be closed", loaded.names(), e);
    }
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

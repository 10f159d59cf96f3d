package dev.vmoe.instance;

import dev.vmoe.inference.VmoeSession;
import dev.vmoe.metrics.PipelineMetrics;
import dev.vmoe.modelstore.FileSums;
import dev.vmoe.modelstore.FreeMemory;
import dev.vmoe.modelstore.ModelFiles;
import dev.vmoe.modelstore.ModelFolder;
import dev.vmoe.modelstore.ModelOpener;
import dev.vmoe.output.ErrorText;
import dev.vmoe.output.Progress;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.RunLayout;
import dev.vmoe.settings.Settings;
import dev.vmoe.topics.PipelineException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The models that the settings of an instance name: one to start with, and those beside it. */
public final class SettingsModels implements ModelSource {

  private static final Logger log = LoggerFactory.getLogger(SettingsModels.class);

  private final Settings settings;
  private final PipelineMetrics metrics;
  private final Progress progress;
  private final Runnable firstLoaded;
  private boolean first = true;
  private @Nullable RunLayout layout;
  private final Lock loading = new ReentrantLock();
  private volatile boolean stopping;

  /**
   * Creates a source that has loaded nothing yet.
   *
   * @param metrics told what the models run on, and what their runs cost
   * @param progress told how far the first model is
   * @param firstLoaded told when the first model is loaded and warmed up
   */
  public SettingsModels(
      Settings settings, PipelineMetrics metrics, Progress progress, Runnable firstLoaded) {
    this.settings = settings;
    this.metrics = metrics;
    this.progress = progress;
    this.firstLoaded = firstLoaded;
  }

  /** Returns the names that a configuration record may have. */
  public List<String> names() {
    try {
      return ModelFolder.of(settings).names();
    } catch (IOException e) {
      return List.of(); // no folder, no other model
    }
  }

  @Override
  public LiveSettings complete(LiveSettings live) {
    return files(live).runnable(live, settings);
  }

  private ModelFiles files(LiveSettings live) {
    try {
      return ModelFiles.of(settings, Objects.requireNonNullElseGet(live.model(), settings::model));
    } catch (IOException e) {
      throw new IllegalArgumentException("model: " + ErrorText.of(e), e);
    }
  }

  @Override
  public LoadedModel load(LiveSettings live) {
    loading.lock();
    try {
      requireGoesOn();
      return open(live);
    } finally {
      loading.unlock();
    }
  }

  private void requireGoesOn() {
    if (stopping) {
      throw new PipelineException("the instance is being stopped and takes no model", null);
    }
  }

  private LoadedModel open(LiveSettings live) {
    ModelFiles files = files(live);
    LiveSettings complete = files.runnable(live, settings);
    VmoeSession session;
    try {
      FileSums.checkGraph(files.graph());
      if (!first) {
        FreeMemory.ofThisMachine().require(files.card().name(), files.bytes());
      }
      progress.say("loading " + files.graph());
      session = open(files.graph(), complete);
    } catch (IOException e) {
      throw new IllegalArgumentException("model: " + ErrorText.of(e), e);
    }
    try {
      LoadedModel loaded = loaded(complete, files, session);
      requireGoesOn(); // nothing may start with it once the stop has waited for it
      return loaded;
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  /** The first model chooses how many batches run at once, as long as the instance lives. */
  private VmoeSession open(Path graph, LiveSettings live) throws IOException {
    if (layout != null) {
      return ModelOpener.openIn(layout, graph, settings);
    }
    VmoeSession session = ModelOpener.openToServe(graph, settings, live);
    layout = new RunLayout(session.parallelRuns(), session.threads());
    return session;
  }

  /** Waits for a model that is being loaded, as long as it takes; none is loaded after it. */
  public void stop() {
    stopping = true;
    loading.lock();
    loading.unlock();
  }

  private LoadedModel loaded(LiveSettings live, ModelFiles files, VmoeSession session) {
    if (first) {
      firstLoaded.run();
    }
    metrics.device(
        session.device().label(),
        settings.getString(Settings.DEVICE),
        session.runtime(),
        new RunLayout(session.parallelRuns(), session.threads()).toString());
    LearnedControllers controllers;
    try (Progress.Bar bar = progress.bar("measuring cost, %", 100)) {
      controllers =
          LearnedControllers.survey(
              settings, live, session, files.quality(), metrics.capacity(), bar::at);
    }
    first = false;
    log.info("{} is loaded from {}", session.card().name(), files.graph());
    return new LoadedModel(
        session,
        ModelOpener.decoder(session.card(), ModelOpener.limits(settings)),
        controllers,
        session::close);
  }
}

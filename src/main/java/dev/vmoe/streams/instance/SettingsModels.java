package dev.vmoe.streams.instance;

import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.models.FileSums;
import dev.vmoe.streams.models.FreeMemory;
import dev.vmoe.streams.models.ModelFiles;
import dev.vmoe.streams.models.ModelFolder;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.models.ServedFiles;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.PipelineException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  private ServedFiles files(LiveSettings live) {
    try {
      return ServedFiles.of(settings, live);
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
    ServedFiles files = files(live);
    LiveSettings complete = files.runnable(live, settings);
    List<VmoeSession> sessions = new ArrayList<>();
    try {
      open(files, complete, sessions);
      LoadedModel loaded = loaded(complete, files, sessions);
      requireGoesOn(); // nothing may start with it once the stop has waited for it
      return loaded;
    } catch (IOException e) {
      close(sessions);
      throw new IllegalArgumentException("model: " + ErrorText.of(e), e);
    } catch (RuntimeException | Error e) {
      close(sessions);
      throw e;
    }
  }

  /** Loads the models one after the other, if there is memory for all. */
  private void open(ServedFiles files, LiveSettings live, List<VmoeSession> sessions)
      throws IOException {
    for (ModelFiles model : files.models()) {
      FileSums.checkGraph(model.graph());
    }
    if (!first || files.models().size() > 1) {
      FreeMemory.ofThisMachine().require(files.names(), files.bytes());
    }
    for (ModelFiles model : files.models()) {
      progress.say("loading " + model.graph());
      sessions.add(open(model.graph(), live));
    }
  }

  /** Closes all, even if one does not close. */
  private static void close(List<VmoeSession> sessions) {
    for (VmoeSession session : sessions) {
      try {
        session.close();
      } catch (RuntimeException e) {
        log.warn("model {} could not be closed", session.card().name(), e);
      }
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

  private LoadedModel loaded(LiveSettings live, ServedFiles files, List<VmoeSession> sessions)
      throws IOException {
    if (first) {
      firstLoaded.run();
    }
    VmoeSession session = sessions.get(0);
    metrics.device(
        session.device().label(),
        settings.getString(Settings.DEVICE),
        session.runtime(),
        new RunLayout(session.parallelRuns(), session.threads()).toString());
    if (!live.ladder().equals(live.beside())) {
      log.warn(
          "{} = {} has no use with {} = {}: the models beside are not loaded",
          Settings.MODELS_LADDER,
          live.asSettings().get(Settings.MODELS_LADDER),
          Settings.CAPACITY_MODE,
          live.capacity().mode());
    }
    List<LearnedControllers.SurveyedModel> surveyed = new ArrayList<>();
    for (int i = 0; i < sessions.size(); i++) {
      surveyed.add(
          new LearnedControllers.SurveyedModel(sessions.get(i), files.models().get(i).quality()));
    }
    LearnedControllers controllers;
    try (Progress.Bar bar = progress.bar("measuring cost, %", 100)) {
      controllers =
          LearnedControllers.survey(settings, live, surveyed, metrics.capacity(), bar::at);
    }
    first = false;
    for (int i = 0; i < sessions.size(); i++) {
      log.info(
          "{} is loaded from {}", sessions.get(i).card().name(), files.models().get(i).graph());
    }
    return new LoadedModel(
        List.copyOf(sessions),
        ModelOpener.decoder(session.card(), ModelOpener.limits(settings)),
        controllers,
        files.bytes().stream().mapToLong(Long::longValue).sum(),
        () -> close(sessions));
  }
}

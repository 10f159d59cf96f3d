package dev.vmoe.streams.models;

import dev.vmoe.core.batch.OffHeapMemory;
import dev.vmoe.core.image.DecoderLimits;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.image.OpenCvDecoder;
import dev.vmoe.core.image.Preprocessing;
import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Resize;
import dev.vmoe.core.onnx.ModelFile;
import dev.vmoe.core.survey.LayoutSurvey;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.PredictionContents;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Opens a model file: its card, a session on a device, a decoder for its input. */
public final class ModelOpener {

  private static final int RUNS_ON_GPU = 2;

  /** Part of the time for the cost survey that each layout may take. */
  private static final int LAYOUT_PART = 10;

  private ModelOpener() {}

  /**
   * Returns the card in a model file, without loading the model.
   *
   * @throws IOException if the file cannot be read or has no card
   */
  public static ModelCard card(Path file) throws IOException {
    try {
      return ModelCard.fromMetadata(ModelFile.metadata(file));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Opens a model as an instance serves it. Where the settings leave the layout of its runs open,
   * it is measured, which takes a while; on a GPU two batches run at once, so that copying hides
   * behind computing.
   *
   * @param live what is about to be in force: the largest batch, and the time to answer in
   */
  public static VmoeSession openToServe(Path model, Settings settings, LiveSettings live)
      throws IOException {
    ModelCard card = card(model);
    List<RunLayout> layouts = layouts(card, settings, live);
    VmoeSession session = openIn(layouts.get(0), model, settings);
    if (settings.choosesRuns()
        && session.device().kind() == Device.Kind.CUDA
        && fits(card, live, RUNS_ON_GPU)) {
      session.close();
      return openIn(new RunLayout(RUNS_ON_GPU, layouts.get(0).threads()), model, settings);
    }
    if (layouts.size() == 1 || session.device().kind() == Device.Kind.CUDA) {
      return session;
    }
    try {
      return new LayoutSurvey<VmoeSession>(
              layout -> openUnchecked(layout, model, settings),
              live.maxBatchImages(),
              live.capacity().targetLatency(),
              settings.costSurvey().dividedBy(LAYOUT_PART))
          .choose(session, layouts);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Returns the layouts that the settings allow and whose buffers fit; the first one always. */
  private static List<RunLayout> layouts(ModelCard card, Settings settings, LiveSettings live) {
    List<RunLayout> layouts = settings.runLayouts();
    return layouts.stream()
        .filter(layout -> layout.equals(layouts.get(0)) || fits(card, live, layout.runs()))
        .toList();
  }

  private static boolean fits(ModelCard card, LiveSettings live, int runs) {
    return OffHeapMemory.ofThisJvm().fitsBuffers(card.imageSize(), live.maxBatchImages(), runs);
  }

  private static VmoeSession openUnchecked(RunLayout layout, Path model, Settings settings) {
    try {
      return openIn(layout, model, settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Opens a model on the device in the settings, for so many runs at once. */
  public static VmoeSession openIn(RunLayout layout, Path model, Settings settings)
      throws IOException {
    return open(
        model,
        settings.getString(Settings.DEVICE),
        layout.threads(),
        layout.runs(),
        PredictionContents.of(settings).givesFeatures());
  }

  /** Opens a model on a device, by its label, for one run at a time. */
  public static VmoeSession open(Path model, String device, int threads) throws IOException {
    return open(model, device, threads, 1);
  }

  /** Opens a model on a device, by its label, for several runs at once. */
  public static VmoeSession open(Path model, String device, int threads, int runs)
      throws IOException {
    return open(model, device, threads, runs, false);
  }

  /** Opens a model on a device, by its label, for runs that give the features or do not. */
  public static VmoeSession open(Path model, String device, int threads, int runs, boolean features)
      throws IOException {
    if (Files.isReadable(model)) { // ONNX Runtime's own error about missing weights is unclear
      ModelFile.requireWeights(model);
    }
    SessionSettings chosen = SessionSettings.on(Device.ofLabel(device));
    return VmoeSession.open(
        model,
        new SessionSettings(chosen.device(), threads, chosen.spinning(), chosen.warmUpBatches())
            .withRuns(runs)
            .withFeatures(features));
  }

  /** Returns a decoder to this model's input. */
  public static ImageDecoder decoder(ModelCard card, DecoderLimits limits) {
    return new OpenCvDecoder(
        new Preprocessing(card.imageSize(), Resize.ofLabel(card.resize())), limits);
  }

  /** Returns a decoder to this model's input, with the default limits. */
  public static ImageDecoder decoder(ModelCard card) {
    return decoder(card, limits(new Settings(Map.of())));
  }

  /** Returns the limits on images in these settings. */
  public static DecoderLimits limits(Settings settings) {
    return new DecoderLimits(
        settings.getInt(Settings.IMAGE_MAX_BYTES),
        settings.getLong(Settings.IMAGE_MAX_PIXELS),
        settings.getInt(Settings.IMAGE_MAX_PIXELS_PER_BYTE));
  }
}

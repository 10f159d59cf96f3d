package dev.vmoe.cli;

import dev.vmoe.image.DecoderLimits;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.image.OpenCvDecoder;
import dev.vmoe.image.Preprocessing;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.inference.Device;
import dev.vmoe.inference.SessionSettings;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Resize;
import dev.vmoe.onnx.OnnxModel;
import dev.vmoe.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that loads a model. */
final class ModelOptions {

  @Option(
      names = "--model",
      paramLabel = "M.onnx",
      description =
          "The model, as `vmoe model import` writes it, or the name of a bundled one: vmoe-bpr, vmoe,"
              + " dense-bpr, dense (default: vmoe-bpr).")
  private @Nullable Path model;

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda:N",
      defaultValue = "auto",
      description = "Where the model runs (default: ${DEFAULT-VALUE}).")
  private String device = "auto";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the model on the CPU (default: the number of cores).")
  private int threads = Runtime.getRuntime().availableProcessors();

  /** Opens the dense twin of a bundled model; null for any other, and where the twins are not. */
  @Nullable BatchClassifier openTwin() throws IOException {
    if (!BundledModels.haveTwins()) {
      return null;
    }
    if (model == null) {
      return open(BundledModels.twin());
    }
    return isVariant(model) ? open(BundledModels.twin(model.toString())) : null;
  }

  /** Returns whether a bundled model is meant. */
  boolean isBundled() {
    return model == null || isVariant(model);
  }

  private static boolean isVariant(Path model) {
    return !Files.exists(model) && BundledModels.isVariant(model.toString());
  }

  /** Returns the model's path. */
  Path path() throws IOException {
    if (model == null) {
      return BundledModels.vmoe();
    }
    return isVariant(model) ? BundledModels.variant(model.toString()) : model;
  }

  /** Returns the threads on the CPU that were asked for. */
  int threads() {
    return threads;
  }

  /** Returns the device and threads that were asked for. */
  String deviceLabel() {
    return device + ", " + threads + " threads";
  }

  /** Opens the model. */
  VmoeSession open() throws IOException {
    return open(path());
  }

  /** Opens another model on the same device. */
  VmoeSession open(Path path) throws IOException {
    return open(path, device, threads);
  }

  /**
   * Returns what a model file says about itself, without loading it.
   *
   * @throws IOException if it cannot be read, or says nothing
   */
  static ModelCard card(Path file) throws IOException {
    try {
      return ModelCard.fromMetadata(OnnxModel.metadata(file));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** Opens a model on the device of an instance's settings. */
  static VmoeSession open(Path model, Settings settings) throws IOException {
    return open(model, settings.getString(Settings.DEVICE), settings.inferenceThreads());
  }

  /** Opens a model on a device, by its label. */
  static VmoeSession open(Path model, String device, int threads) throws IOException {
    if (Files.isReadable(model)) { // ONNX Runtime's own words on missing weights say little
      OnnxModel.requireWeights(model);
    }
    SessionSettings chosen = SessionSettings.on(Device.ofLabel(device));
    return VmoeSession.open(
        model,
        new SessionSettings(chosen.device(), threads, chosen.spinning(), chosen.warmUpBatches()));
  }

  /** Returns a decoder that makes this model's input. */
  static ImageDecoder decoder(ModelCard card, DecoderLimits limits) {
    return new OpenCvDecoder(
        new Preprocessing(card.imageSize(), Resize.ofLabel(card.resize())), limits);
  }

  /** Returns a decoder with the limits that the settings have by default. */
  static ImageDecoder decoder(ModelCard card) {
    return decoder(card, limits(new Settings(Map.of())));
  }

  /** Returns the limits on images of these settings. */
  static DecoderLimits limits(Settings settings) {
    return new DecoderLimits(
        settings.getInt(Settings.IMAGE_MAX_BYTES), settings.getLong(Settings.IMAGE_MAX_PIXELS));
  }
}

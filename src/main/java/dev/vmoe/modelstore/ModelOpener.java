package dev.vmoe.modelstore;

import dev.vmoe.image.DecoderLimits;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.image.OpenCvDecoder;
import dev.vmoe.image.Preprocessing;
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

/** Opens a model file: its card, a session on a device, a decoder for its input. */
public final class ModelOpener {

  private ModelOpener() {}

  /**
   * Returns the card in a model file, without loading the model.
   *
   * @throws IOException if the file cannot be read or has no card
   */
  public static ModelCard card(Path file) throws IOException {
    try {
      return ModelCard.fromMetadata(OnnxModel.metadata(file));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** Opens a model on the device in the settings. */
  public static VmoeSession open(Path model, Settings settings) throws IOException {
    return open(
        model,
        settings.getString(Settings.DEVICE),
        settings.inferenceThreads(),
        settings.inferenceRuns());
  }

  /** Opens a model on a device, by its label, for one run at a time. */
  public static VmoeSession open(Path model, String device, int threads) throws IOException {
    return open(model, device, threads, 1);
  }

  /** Opens a model on a device, by its label, for several runs at once. */
  public static VmoeSession open(Path model, String device, int threads, int runs)
      throws IOException {
    if (Files.isReadable(model)) { // ONNX Runtime's own error about missing weights is unclear
      OnnxModel.requireWeights(model);
    }
    SessionSettings chosen = SessionSettings.on(Device.ofLabel(device));
    return VmoeSession.open(
        model,
        new SessionSettings(chosen.device(), threads, chosen.spinning(), chosen.warmUpBatches())
            .withRuns(runs));
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
        settings.getInt(Settings.IMAGE_MAX_BYTES), settings.getLong(Settings.IMAGE_MAX_PIXELS));
  }
}

package dev.vmoe.doctor;

import dev.vmoe.inference.VmoeSession;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;

/** How an instance gets at a model. */
public interface ModelOpener {
  /**
   * Returns the file of the model that these settings name.
   *
   * @throws IOException if there is none
   */
  Path file(Settings settings) throws IOException;

  /**
   * Returns what a model file says about itself, without loading it.
   *
   * @throws IOException if it cannot be read, or says nothing
   */
  ModelCard card(Path file) throws IOException;

  /** Returns the bytes of a model file and of its weights beside it. */
  long bytes(Path file) throws IOException;

  /**
   * Opens a model and warms it up.
   *
   * @param device what a setting calls the device
   * @param threads threads of the model on the CPU
   * @throws IOException if its weights are missing or foreign
   * @throws dev.vmoe.inference.InferenceException if it cannot be loaded, or not on this device
   */
  VmoeSession open(Path file, String device, int threads) throws IOException;
}

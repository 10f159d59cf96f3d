package dev.vmoe.doctor;

import dev.vmoe.inference.VmoeSession;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;

/** How an instance gets at a model. */
public interface ModelOpener {
  /**
   * Returns the file of a model.
   *
   * @param model its name or path, as a setting has it
   * @throws IOException if there is none
   * @throws IllegalArgumentException if it is a name that leads out of its folder
   */
  Path file(Settings settings, String model) throws IOException;

  /**
   * Returns what a model file says about itself, without loading it.
   *
   * @throws IOException if it cannot be read, or says nothing
   */
  ModelCard card(Path file) throws IOException;

  /**
   * Holds a model's files against their sums, where these lie beside them.
   *
   * @return whether they do
   * @throws IOException if a file is missing or another one; names it
   */
  boolean checkSums(Path file) throws IOException;

  /**
   * Returns settings complete for a model, as an instance checks them before it loads it.
   *
   * @throws IOException if the file or its quality profile cannot be read
   * @throws IllegalArgumentException if the model cannot run with them
   */
  LiveSettings complete(Settings settings, LiveSettings live, Path file) throws IOException;

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

package dev.vmoe.settings;

import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;

/** Definitions of the settings of the model and of what it runs on. */
final class ModelDefinitions {

  private ModelDefinitions() {}

  /** Adds the definitions. */
  @SuppressWarnings("NullAway") // a default that is null means that there is none
  static void addTo(ConfigDef definition) {
    definition
        .define(
            Settings.MODEL,
            Type.STRING,
            null,
            new ConfigDef.NonEmptyString(),
            Importance.HIGH,
            "The model: the name of a folder in models.dir, or the path of an ONNX file written"
                + " by `vmoe model import`. Needed wherever images are classified.")
        .define(
            Settings.MODELS_DIR,
            Type.STRING,
            null,
            new ConfigDef.NonEmptyString(),
            Importance.MEDIUM,
            "Folder with a folder for each model, named as the model is. If not set, the models"
                + " that come with the project are used. A configuration record can name these"
                + " models only.")
        .define(
            Settings.DEVICE,
            Type.STRING,
            "auto",
            ValueCheck.matching("auto|cpu|cuda(:\\d+)?", "auto, cpu, cuda or cuda:N"),
            Importance.HIGH,
            "Where the model runs: auto, cpu, cuda or cuda:N. auto takes the first GPU, or the"
                + " CPU if there is none, and logs which; cuda without a GPU refuses to start.")
        .define(
            Settings.INFERENCE_THREADS,
            Type.INT,
            0,
            Range.atLeast(0),
            Importance.MEDIUM,
            "Threads of the model on the CPU; 0 means the number of cores.")
        .define(
            Settings.DECODE_THREADS,
            Type.INT,
            0,
            Range.atLeast(0),
            Importance.MEDIUM,
            "Threads that decode images. 0 means the number of cores where the model takes them"
                + " all while it runs (images are then decoded between two runs), else half.");
  }
}

package dev.vmoe.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Range;

/** Definitions of the settings of the model and of what it runs on. */
final class ModelDefinitions {

  private ModelDefinitions() {}

  static void addTo(Definitions definitions) {
    definitions
        .setting(Settings.MODEL, STRING, null, new ConfigDef.NonEmptyString(), HIGH)
        .means(
            "The model: the name of a folder in models.dir, or the path of an ONNX file written"
                + " by `vmoe model import`. Needed wherever images are classified.")
        .setting(Settings.MODELS_DIR, STRING, null, new ConfigDef.NonEmptyString(), MEDIUM)
        .means(
            "Folder with a folder for each model, named as the model is. If not set, the models"
                + " that come with the project are used. A configuration record can name these"
                + " models only.")
        .setting(Settings.MODELS_LADDER, STRING, ModelLadder.NONE, ModelLadder.check(), MEDIUM)
        .means(
            "Models that may answer beside the one that model names, in adaptive mode: names of"
                + " folders in models.dir, separated by commas, or none. Each batch runs the most"
                + " accurate point of any of them that the load allows. They need its image size,"
                + " classes and resizing, and quality profiles measured on the same images.")
        .setting(
            Settings.DEVICE,
            STRING,
            "auto",
            ValueCheck.matching("auto|cpu|cuda(:\\d+)?", "auto, cpu, cuda or cuda:N"),
            HIGH)
        .means(
            "Where the model runs: auto, cpu, cuda or cuda:N. auto takes the first GPU, or the"
                + " CPU if there is none, and logs which; cuda without a GPU refuses to start.")
        .setting(Settings.INFERENCE_RUNS, INT, 0, Range.atLeast(0), MEDIUM)
        .means(
            "Batches that run at once. 0: measured at the start. More runs, each on fewer threads,"
                + " are taken if they answer at least 10 % more images and a full batch still takes"
                + " at most half of target.latency.ms; on a GPU two.")
        .setting(Settings.INFERENCE_THREADS, INT, 0, Range.atLeast(0), MEDIUM)
        .means("Threads of one run on the CPU; 0 means the number of cores divided by the runs.")
        .setting(Settings.DECODE_THREADS, INT, 0, Range.atLeast(0), MEDIUM)
        .means(
            "Threads that decode images. 0 means the number of cores where the model takes them"
                + " all while it runs (images are then decoded between two runs), else half.");
  }
}

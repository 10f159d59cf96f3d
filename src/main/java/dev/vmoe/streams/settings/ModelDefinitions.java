package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
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
                + " are taken if they answer at least 3 % more images and a full batch still takes"
                + " at most target.latency.ms; on a GPU two.")
        .setting(Settings.INFERENCE_THREADS, INT, 0, Range.atLeast(0), MEDIUM)
        .means("Threads of one run on the CPU; 0 means the number of cores divided by the runs.")
        .setting(Settings.INFERENCE_TIMEOUT_MS, LONG, 120_000L, Range.between(1_000, 270_000), LOW)
        .means(
            "Maximum time of one run of the model, in milliseconds. A run cannot be stopped: one"
                + " that takes longer ends the instance with an error, and others answer its"
                + " images.")
        .setting(Settings.DECODE_THREADS, INT, 0, Range.atLeast(0), MEDIUM)
        .means(
            "Threads that decode images. 0 means the number of cores where the model takes them"
                + " all while it runs (images are then decoded between two runs), else half.")
        .setting(Settings.DECODE_MAX_BYTES, LONG, 0L, Range.atLeast(0), LOW)
        .means(
            "Maximum memory outside the heap of all images that are being decoded, in bytes. What"
                + " an image takes is known from its header; it waits until there is room, and one"
                + " that takes more than this alone goes to the dead-letter topic. 0 means what"
                + " heap, buffers, model and 234 MiB leave of the memory of the container, else of"
                + " the machine, and at least 192 MiB.")
        .setting(Settings.DECODE_TIMEOUT_MS, LONG, 10_000L, Range.between(100, 60_000), LOW)
        .means(
            "Maximum time to decode one image, in milliseconds. An image that takes longer goes to"
                + " the dead-letter topic. The largest images take 1.4 s on a core of their own,"
                + " and several times that on a share of one.");
  }
}

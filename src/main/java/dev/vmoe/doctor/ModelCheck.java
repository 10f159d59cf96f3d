package dev.vmoe.doctor;

import dev.vmoe.batch.BufferRoom;
import dev.vmoe.inference.Device;
import dev.vmoe.inference.InferenceException;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.instance.Pipeline;
import dev.vmoe.modelstore.FileSums;
import dev.vmoe.modelstore.ModelFiles;
import dev.vmoe.modelstore.ModelFolder;
import dev.vmoe.modelstore.ModelOpener;
import dev.vmoe.modelstore.ProfileFile;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.CapacityMode;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;

/** The model: its file, its quality profile, the batches it is to run, the device it runs on. */
final class ModelCheck {

  private static final String IMPORT = "vmoe model import writes it, vmoe model info shows it";

  private final Settings settings;
  private final Path file;

  /** What the file says about itself; null where it says nothing. */
  private final @Nullable ModelCard card;

  /** Why the file says nothing; empty where it does. */
  private final String problem;

  ModelCheck(Settings settings) {
    this.settings = settings;
    Path found = Path.of("");
    ModelCard read = null;
    String why = "";
    try {
      found = ModelFolder.graph(settings, settings.model());
      read = ModelOpener.card(found);
    } catch (IOException | IllegalArgumentException | ConfigException e) {
      why = Reason.of(e);
    }
    this.file = found;
    this.card = read;
    this.problem = why;
  }

  /** Returns whether an instance would keep a routing profile, as far as can be known. */
  boolean keepsProfile() {
    return Pipeline.keepsProfile(settings);
  }

  /** Returns the model's file; empty if it says nothing about itself. */
  Optional<Path> file() {
    return card == null ? Optional.empty() : Optional.of(file);
  }

  /** Returns the bytes of the model's files; 0 if there are none. */
  long fileBytes() {
    if (card == null) {
      return 0;
    }
    try {
      return ModelFiles.bytes(file);
    } catch (IOException e) {
      return 0;
    }
  }

  void into(Findings findings) {
    if (card == null) {
      findings.failed("model", problem, "correct the setting model; " + IMPORT);
      findings.skipped("device", "there is no model to load");
      return;
    }
    lookAtSums(findings);
    lookAtProfile(card, findings);
    lookAtBatch(card, findings);
    load(card, findings);
  }

  private void lookAtSums(Findings findings) {
    try {
      findings.ok(
          "model files",
          FileSums.checkGraph(file) ? "as SHA256SUMS says" : "no SHA256SUMS to hold them against");
    } catch (IOException e) {
      findings.failed("model files", Reason.of(e), "copy the model again, with its SHA256SUMS");
    }
  }

  private void lookAtProfile(ModelCard card, Findings findings) {
    Path profile = ProfileFile.beside(file);
    try {
      boolean there = ProfileFile.find(file, card).isPresent();
      boolean needed =
          LiveSettings.of(settings).capacity().mode() == CapacityMode.ADAPTIVE && !card.dense();
      if (there) {
        findings.ok("quality profile", profile + ", of these weights");
      } else if (needed) {
        findings.warning(
            "quality profile",
            profile + " does not exist: without it, more capacity is taken to be better",
            "measure it with vmoe sweep");
      } else {
        findings.ok("quality profile", "none, and none needed");
      }
    } catch (IOException | IllegalArgumentException e) {
      findings.failed("quality profile", Reason.of(e), "measure it with vmoe sweep, or remove it");
    }
  }

  private void lookAtBatch(ModelCard card, Findings findings) {
    try {
      LiveSettings live = BufferRoom.runnable(LiveSettings.of(settings), card);
      String fits =
          "%d images of %d x %d pixels fit"
              .formatted(live.maxBatchImages(), card.imageSize(), card.imageSize());
      findings.ok("batch", card.dense() ? fits : fits + ", K up to " + card.expertsPerToken());
    } catch (IllegalArgumentException e) {
      findings.failed("batch", Reason.of(e), "change the setting");
    }
  }

  /** Loads it where it is to run; where that fails, on the CPU, to know whose fault it is. */
  private void load(ModelCard card, Findings findings) {
    String asked = settings.getString(Settings.DEVICE);
    try (VmoeSession session = open(asked)) {
      sayLoaded(card, findings);
      sayDevice(session.device(), asked, findings);
    } catch (IOException | InferenceException e) {
      if (Device.ofLabel(asked).kind() == Device.Kind.CUDA && loadsOnCpu()) {
        sayLoaded(card, findings);
        findings.failed(
            "device",
            Reason.of(e),
            "mend the driver or use the CUDA build (mvn -Pcuda); device = auto or cpu does without");
      } else {
        findings.failed("model", Reason.of(e), IMPORT);
        findings.skipped("device", "the model cannot be loaded");
      }
    }
  }

  private VmoeSession open(String device) throws IOException {
    return ModelOpener.open(file, device, settings.inferenceThreads());
  }

  private boolean loadsOnCpu() {
    try (VmoeSession session = open("cpu")) {
      return session.card() != null;
    } catch (IOException | InferenceException e) {
      return false;
    }
  }

  private void sayLoaded(ModelCard card, Findings findings) {
    findings.ok("model", loaded(file, card));
  }

  /** Returns what is said of a model that could be loaded. */
  static String loaded(Path file, ModelCard card) {
    return "%s loads: %s, %d classes, weights %s"
        .formatted(file, card.name(), card.classes().size(), card.weightsHash());
  }

  private void sayDevice(Device got, String asked, Findings findings) {
    Optional<String> unused = VmoeSession.unusedGpu(got);
    String took = got + ", asked for " + asked;
    if (Device.ofLabel(asked).kind() == Device.Kind.AUTO && unused.isPresent()) {
      findings.warning(
          "device",
          took + ": " + unused.get(),
          "mend the driver, or say device = cpu where that is meant");
    } else if (got.kind() == Device.Kind.CPU) {
      findings.ok("device", took + ", " + settings.inferenceThreads() + " threads");
    } else {
      findings.ok("device", took);
    }
  }
}

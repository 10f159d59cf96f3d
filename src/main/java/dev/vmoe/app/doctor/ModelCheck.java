package dev.vmoe.app.doctor;

import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.streams.models.FileSums;
import dev.vmoe.streams.models.ModelFiles;
import dev.vmoe.streams.models.ModelFolder;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.models.ProfileFile;
import dev.vmoe.streams.models.ServedFiles;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.settings.CapacityMode;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topology.ShareEvents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;

/** Checks the model, and those beside it: files, quality profile, size of a batch, device. */
final class ModelCheck {

  private static final String IMPORT =
      "vmoe model import writes model files, vmoe model info describes them";

  private final Settings settings;
  private final Path file;

  /** The card in the file; null if it could not be read. */
  private final @Nullable ModelCard card;

  /** Why the card could not be read; empty if it was. */
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
      why = ErrorText.withCause(e);
    }
    this.file = found;
    this.card = read;
    this.problem = why;
  }

  /** Returns the model's file; empty if its card could not be read. */
  Optional<Path> file() {
    return card == null ? Optional.empty() : Optional.of(file);
  }

  /** Returns the bytes of the files of the model and those beside it; 0 if they cannot be read. */
  long fileBytes() {
    if (card == null) {
      return 0;
    }
    try {
      LiveSettings live = LiveSettings.of(settings);
      return live.beside().isEmpty()
          ? ModelFiles.bytes(file)
          : ServedFiles.of(settings, live).bytes().stream().mapToLong(Long::longValue).sum();
    } catch (IOException | IllegalArgumentException e) {
      return 0;
    }
  }

  /** Returns the bytes of the model's largest utilization event; 0 if its card is not known. */
  long utilizationBytes() {
    return card == null
        ? 0
        : ShareEvents.maxUtilizationBytes(
            card, settings.getInt(Settings.BATCH_MAX_IMAGES), EventFormat.of(settings));
  }

  void into(Findings findings) {
    if (card == null) {
      findings.failed("model", problem, "correct the setting model; " + IMPORT);
      findings.skipped("device", "there is no model to load");
      return;
    }
    checkSums(findings);
    checkProfile(card, findings);
    checkBatch(card, findings);
    load(card, findings);
    checkLadder(findings);
  }

  /** Checks the models beside the model: that they fit it, are whole, and load. */
  private void checkLadder(Findings findings) {
    LiveSettings live = LiveSettings.of(settings);
    if (live.ladder().isEmpty()) {
      return;
    }
    if (live.beside().isEmpty()) {
      findings.warning(
          "ladder",
          "the models beside have no use with capacity.mode = fixed: they are not loaded",
          "set capacity.mode = adaptive, or models.ladder = none");
      return;
    }
    List<String> loaded = new ArrayList<>();
    try {
      ServedFiles files = ServedFiles.of(settings, live);
      files.runnable(live, settings);
      for (ModelFiles model : files.models().subList(1, files.models().size())) {
        FileSums.checkGraph(model.graph());
        try (VmoeSession session =
            ModelOpener.open(model.graph(), settings.getString(Settings.DEVICE), 0)) {
          loaded.add(loaded(model.graph(), session.card()));
        }
      }
      findings.ok("ladder", String.join("; ", loaded));
    } catch (IOException | IllegalArgumentException | InferenceException e) {
      findings.failed(
          "ladder", ErrorText.withCause(e), "correct models.ladder; vmoe model list names models");
    }
  }

  private void checkSums(Findings findings) {
    try {
      findings.ok(
          "model files",
          FileSums.checkGraph(file) ? "as SHA256SUMS lists them" : "no SHA256SUMS to check them");
    } catch (IOException e) {
      findings.failed(
          "model files", ErrorText.withCause(e), "copy the model again, with its SHA256SUMS");
    }
  }

  private void checkProfile(ModelCard card, Findings findings) {
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
            profile + " does not exist: without it, more capacity is assumed to be more accurate",
            "measure it with vmoe lab sweep");
      } else {
        findings.ok("quality profile", "none, and none needed");
      }
    } catch (IOException | IllegalArgumentException e) {
      findings.failed(
          "quality profile",
          ErrorText.withCause(e),
          "measure it with vmoe lab sweep, or remove it");
    }
  }

  private void checkBatch(ModelCard card, Findings findings) {
    try {
      LiveSettings live =
          LiveSettings.of(settings).runnable(List.of(card), settings.runLayouts().get(0).runs());
      String fits =
          "%d images of %d x %d pixels fit"
              .formatted(live.maxBatchImages(), card.imageSize(), card.imageSize());
      findings.ok("batch", card.dense() ? fits : fits + ", K up to " + card.expertsPerToken());
    } catch (IllegalArgumentException e) {
      findings.failed("batch", ErrorText.withCause(e), "change the setting");
    }
  }

  /**
   * Loads the model on its device; if that fails, on the CPU, to tell which of both is at fault.
   */
  private void load(ModelCard card, Findings findings) {
    String asked = settings.getString(Settings.DEVICE);
    try (VmoeSession session = ModelOpener.openToServe(file, settings, LiveSettings.of(settings))) {
      reportLoaded(card, findings);
      reportDevice(session, asked, findings);
    } catch (IOException | InferenceException e) {
      if (Device.ofLabel(asked).kind() == Device.Kind.CUDA && loadsOnCpu()) {
        reportLoaded(card, findings);
        findings.failed(
            "device",
            ErrorText.withCause(e),
            "repair the driver or use the CUDA build (mvn -Pcuda); device = auto or cpu does"
                + " without");
      } else {
        findings.failed("model", ErrorText.withCause(e), IMPORT);
        findings.skipped("device", "the model cannot be loaded");
      }
    }
  }

  private boolean loadsOnCpu() {
    try (VmoeSession session = ModelOpener.open(file, "cpu", 0)) {
      return session.card() != null;
    } catch (IOException | InferenceException e) {
      return false;
    }
  }

  private void reportLoaded(ModelCard card, Findings findings) {
    findings.ok("model", loaded(file, card));
  }

  static String loaded(Path file, ModelCard card) {
    return "%s loads: %s, %d classes, weights %s"
        .formatted(file, card.name(), card.classes().size(), card.weightsHash());
  }

  private void reportDevice(VmoeSession session, String asked, Findings findings) {
    Device got = session.device();
    Optional<String> unused = VmoeSession.unusedGpu(got);
    String chosen = got + ", device = " + asked;
    if (Device.ofLabel(asked).kind() == Device.Kind.AUTO && unused.isPresent()) {
      findings.warning(
          "device",
          chosen + ": " + unused.get(),
          "repair the driver, or set device = cpu to use the CPU on purpose");
    } else {
      findings.ok("device", chosen + ", " + runs(session));
    }
  }

  /** Says how many batches run at once, and who chose that. */
  private String runs(VmoeSession session) {
    String layout =
        session.device().kind() == Device.Kind.CPU
            ? new RunLayout(session.parallelRuns(), session.threads()).toString()
            : session.parallelRuns() + " batches at once";
    return settings.runLayouts().size() > 1 ? layout + ", measured" : layout;
  }
}

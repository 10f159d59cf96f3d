package dev.vmoe.lab.bench;

import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Precision;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.Resize;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.importer.bundled.GraphFolder;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ModelImport;
import java.io.IOException;
import java.nio.file.Path;

/** Graphs of the published architectures with random weights, in {@code target/models}. */
public final class RandomModels {

  private RandomModels() {}

  /**
   * Returns the graph of a variant.
   *
   * @throws IllegalArgumentException if there is no such variant
   */
  public static Path graph(String variant, long seed) throws IOException {
    return graph(variant, false, Form.of(Target.CPU), seed);
  }

  /**
   * Returns the graph of a variant or of its dense twin.
   *
   * @throws IllegalArgumentException if there is no such variant
   */
  public static Path graph(String variant, boolean twin, Form form, long seed) throws IOException {
    VmoeArchitecture architecture = Variant.ofLabel(variant).architecture();
    String name =
        variant.replace('/', '-')
            + (twin ? "-dense" : "")
            + (form.target() == Target.CPU ? "" : "-cuda")
            + (form.precision() == Precision.FP32 ? "" : "-" + form.precision().label())
            + "-"
            + seed
            + ".onnx";
    return new GraphFolder(BundledModels.imported())
        .fresh(
            name,
            GraphFolder.compiled(RandomCheckpoint.class),
            out ->
                ModelImport.write(
                    RandomCheckpoint.of(
                        twin ? RandomCheckpoint.denseTwin(architecture) : architecture, seed),
                    options("random " + variant),
                    form,
                    out));
  }

  /** Returns the default options, but with photographs resized by area. */
  private static ImportOptions options(String name) {
    ImportOptions other = ImportOptions.named(name);
    return new ImportOptions(
        name,
        other.classes(),
        other.groups(),
        other.expertsPerToken(),
        other.capacityRatio(),
        other.softmax(),
        Resize.AREA,
        other.positions(),
        other.imageSize());
  }
}

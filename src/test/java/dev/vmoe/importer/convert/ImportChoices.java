package dev.vmoe.importer.convert;

import java.util.List;

/** Import options that tests choose. */
public final class ImportChoices {

  private ImportChoices() {}

  /** Returns the default options with class names, in the order of the logits. */
  public static ImportOptions withClasses(String name, List<String> classes) {
    ImportOptions other = ImportOptions.named(name);
    return new ImportOptions(
        name,
        classes,
        other.groups(),
        other.expertsPerToken(),
        other.capacityRatio(),
        other.softmax(),
        other.resize(),
        other.positions(),
        other.imageSize());
  }

  /** Returns the default options with positions for images of a size in pixels; 0 for their own. */
  static ImportOptions positioned(Positions positions, int imageSize) {
    ImportOptions other = ImportOptions.named("m");
    return new ImportOptions(
        other.name(),
        other.classes(),
        other.groups(),
        other.expertsPerToken(),
        other.capacityRatio(),
        other.softmax(),
        other.resize(),
        positions,
        imageSize);
  }
}

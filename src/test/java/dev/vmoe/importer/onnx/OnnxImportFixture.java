package dev.vmoe.importer.onnx;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.PixelScale;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/** Imports ONNX classifiers of other programs into a folder. */
abstract class OnnxImportFixture {

  static final PixelScale IMAGENET =
      new PixelScale(1 / 255.0, List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));
  static final PixelScale PLAIN =
      new PixelScale(1 / 255.0, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));

  final Map<String, String> guessed = new HashMap<>();

  @TempDir Path folder;

  ModelCard write(Path source, int size, PixelScale pixels) throws IOException {
    return OnnxImport.write(source, options(size, List.of()), pixels, guessed, out());
  }

  Path out() {
    return folder.resolve("out.onnx");
  }

  static ImportOptions options(int size, List<String> classes) {
    ImportOptions defaults = ImportOptions.named("mine");
    return new ImportOptions(
        "mine", classes, List.of(), 2, 1.05, true, defaults.resize(), defaults.positions(), size);
  }
}

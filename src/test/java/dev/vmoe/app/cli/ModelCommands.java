package dev.vmoe.app.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.io.TempDir;

/** Runs commands that need a model and no Kafka. */
abstract class ModelCommands {

  static final ObjectMapper JSON = new ObjectMapper();
  static final String CHECKPOINT =
      Path.of(System.getProperty("vmoe.home"), "src/models/characters/vmoe-bpr/checkpoint")
          .toString();

  final StringWriter out = new StringWriter();
  final StringWriter err = new StringWriter();

  @TempDir Path folder;

  int run(String... arguments) {
    return VmoeCommand.commandLine(new PrintWriter(out), new PrintWriter(err), null)
        .execute(arguments);
  }

  List<String> lines() {
    return out.toString().lines().toList();
  }

  int importModel(String graph, String... options) {
    List<String> all =
        new ArrayList<>(List.of("model", "import", "--checkpoint", CHECKPOINT, "--out", graph));
    all.addAll(List.of(options));
    return run(all.toArray(String[]::new));
  }

  Path plain(String name, Color color) throws IOException {
    BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(color);
    graphics.fillRect(0, 0, 40, 30);
    graphics.dispose();
    Path file = folder.resolve(name);
    ImageIO.write(image, "png", file.toFile());
    return file;
  }
}

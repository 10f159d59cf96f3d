package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.embedded.EmbeddedKafka;
import dev.vmoe.app.embedded.EmbeddedRegistry;
import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.importer.bundled.BundledModels;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs commands on a broker that all tests of the doctor in this JVM share: nobody else may change
 * anything while they look at it.
 */
abstract class DoctorFixture {

  private static EmbeddedKafka kafka;
  static EmbeddedRegistry registry;
  static Admin admin;

  final StringWriter out = new StringWriter();
  final StringWriter err = new StringWriter();
  final String prefix = "d" + UUID.randomUUID().toString().substring(0, 8) + ".";

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    if (kafka == null) { // it ends with this JVM
      kafka = EmbeddedKafka.start();
      registry = SharedServers.registry();
      admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    }
  }

  static String brokers() {
    return kafka.bootstrapServers();
  }

  int run(String... command) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(command[0]));
    int words = Set.of("topics", "config").contains(command[0]) ? 2 : 1;
    if (words == 2) {
      arguments.add(command[1]);
    }
    arguments.addAll(
        List.of(
            "--set", "bootstrap.servers=" + kafka.bootstrapServers(),
            "--set", "schema.registry.url=" + registry.url(),
            "--set", "topic.prefix=" + prefix,
            "--set", "model=" + BundledModels.vmoe(),
            "--set", "device=cpu",
            "--set", "cost.survey.ms=0", // else each model is measured for a second
            "--set", "console.port=0"));
    arguments.addAll(List.of(command).subList(words, command.length));
    return runPlain(arguments.toArray(String[]::new));
  }

  /** Runs a command without these settings. */
  int runPlain(String... command) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(command);
  }

  /** Writes a configuration for each of two models, then breaks the one in force. */
  List<String> configured(Spoiling spoiling) throws IOException {
    List<String> models = List.of("--set", "models.dir=" + folder);
    for (String name : List.of("good", "other")) {
      Path file = Files.createDirectories(folder.resolve(name)).resolve("model.onnx");
      Files.copy(BundledModels.vmoe(), file);
      List<String> command = new ArrayList<>(List.of("config", "set", "model=" + name));
      command.addAll(models);
      assertThat(run(command.toArray(String[]::new))).as("%s", err).isZero();
    }
    spoiling.at(folder.resolve("other/model.onnx"));
    return models;
  }

  /** Breaks a model's file. */
  @FunctionalInterface
  interface Spoiling {
    void at(Path file) throws IOException;
  }

  static void writeForeignSums(Path file) throws IOException {
    Files.writeString(
        file.resolveSibling("SHA256SUMS"), "0".repeat(64) + "  " + file.getFileName() + "\n");
  }
}

package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.cli.CommandProvider;
import dev.vmoe.app.cli.VmoeCommand;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** How the lab joins the command line, and where its commands write. */
class LabCommandsTest {

  private static CommandLine vmoe() {
    PrintWriter none = new PrintWriter(new StringWriter());
    return VmoeCommand.commandLine(none, none, null);
  }

  @Test
  void shouldBeFoundAsAService() {
    assertThat(ServiceLoader.load(CommandProvider.class))
        .hasExactlyElementsOfTypes(LabCommands.class);
  }

  @Test
  void shouldStandBehindTheCommandsOfServing() {
    assertThat(vmoe().getSubcommands().keySet())
        .containsExactly(
            "demo", "new", "run", "doctor", "topics", "config", "produce", "consume", "model",
            "predict", "lab");
    assertThat(command("lab").getSubcommands().keySet())
        .containsExactly("explain", "evaluate", "sweep", "routing-map", "compare", "bench");
    assertThat(command("lab").getSubcommands().get("bench").getSubcommands().keySet())
        .containsExactly("graph", "pipeline", "overload", "faults");
  }

  @Test
  void shouldWriteBelowTargetUnlessToldOtherwise() {
    List<OptionSpec> outputs =
        labCommands()
            .flatMap(line -> line.getCommandSpec().options().stream())
            .filter(option -> option.type() == Path.class && option.defaultValue() != null)
            .toList();

    assertThat(outputs)
        .extracting(OptionSpec::defaultValue)
        .containsExactlyInAnyOrder(
            "target/patches.html",
            "target/routing-map",
            "target/bench-overload",
            "target/bench-faults");
    assertThat(outputs)
        .allSatisfy(
            option -> {
              assertThat(option.longestName()).isEqualTo("--out");
              assertThat(option.description()[0]).contains(option.defaultValue());
            });
  }

  @Test
  void shouldHaveNoOtherFileThatIsWrittenUnasked() {
    assertThat(labCommands().flatMap(line -> line.getCommandSpec().options().stream()))
        .filteredOn(option -> option.type() == Path.class && option.defaultValue() == null)
        .filteredOn(option -> option.longestName().equals("--out"))
        .allSatisfy(option -> assertThat(option.required()).isTrue());
  }

  private static CommandLine command(String name) {
    return vmoe().getSubcommands().get(name);
  }

  private static Stream<CommandLine> labCommands() {
    List<CommandLine> all = new ArrayList<>();
    for (Class<?> provided : new LabCommands().commands()) {
      CommandLine line =
          command("lab")
              .getSubcommands()
              .get(provided.getAnnotation(CommandLine.Command.class).name());
      all.add(line);
      all.addAll(line.getSubcommands().values());
    }
    return all.stream();
  }
}

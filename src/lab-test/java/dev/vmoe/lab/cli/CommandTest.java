package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.VmoeCommand;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/** A test that runs commands in this process and looks at what they write. */
abstract class CommandTest {

  final StringWriter out = new StringWriter();
  final StringWriter err = new StringWriter();

  @TempDir Path folder;

  /** Runs {@code vmoe lab} and returns its status. */
  final int run(String... arguments) {
    return vmoe(Stream.concat(Stream.of("lab"), Stream.of(arguments)).toArray(String[]::new));
  }

  /** Runs {@code vmoe} and returns its status. */
  final int vmoe(String... arguments) {
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(arguments);
  }
}

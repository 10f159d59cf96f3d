package dev.vmoe.app.cli;

import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.output.LogOutput;
import dev.vmoe.streams.output.StderrLines;
import dev.vmoe.streams.settings.Termination;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.ServiceConfigurationError;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command {@code vmoe}. */
@Command(
    name = "vmoe",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    usageHelpAutoWidth = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:the work failed", "2:wrong usage or settings"},
    subcommands = {
      DemoCommand.class,
      NewCommand.class,
      RunCommand.class,
      DoctorCommand.class,
      TopicsCommand.class,
      ConfigCommand.class,
      ProduceCommand.class,
      ConsumeCommand.class,
      ModelCommand.class,
      PredictCommand.class
    })
public final class VmoeCommand {

  /** Exit code: the work failed. */
  public static final int FAILED = 1;

  /** Exit code: the command or its settings are wrong; nothing was done. */
  public static final int USAGE = 2;

  /** Exit code: an instance was told to stop and did not end in time. */
  static final int STOPPED_LATE = 3;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show stack traces with errors; VMOE_DEBUG does the same.")
  private boolean debug;

  private VmoeCommand() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    PrintWriter err = new PrintWriter(new StderrLines(utf8(FileDescriptor.err)), true);
    int code;
    try {
      LogOutput.follow(System.getenv());
      code = commandLine(utf8(FileDescriptor.out), err, System.getenv("VMOE_DEBUG")).execute(args);
    } catch (ConfigException e) {
      err.println(StderrLines.COMPLAINT + ErrorText.of(e));
      code = USAGE;
    }
    Termination.exit(code);
  }

  /** Writes UTF-8 in every locale; checkError() tells when the reader has ended. */
  private static PrintWriter utf8(FileDescriptor descriptor) {
    return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /** Returns the command with its subcommands, writing to these. */
  public static CommandLine commandLine(
      PrintWriter out, PrintWriter err, @Nullable String debugVariable) {
    VmoeCommand command = new VmoeCommand();
    CommandLine line = new CommandLine(command);
    try {
      LabCommand.join(line);
    } catch (ServiceConfigurationError e) { // the commands of serving go on without them
      err.println(
          StderrLines.COMPLAINT + "the commands of the lab cannot be loaded: " + e.getMessage());
    }
    return line.setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(VmoeCommand::explainUsage)
        .setExecutionExceptionHandler(
            (failure, failed, result) -> {
              err.println(StderrLines.COMPLAINT + ErrorText.of(failure));
              if (command.debug || (debugVariable != null && !debugVariable.isEmpty())) {
                failure.printStackTrace(err);
              }
              err.flush();
              return failure instanceof ConfigException
                      || failure instanceof IllegalArgumentException
                  ? USAGE
                  : FAILED;
            });
  }

  private static int explainUsage(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    if (args.length == 0) {
      command.usage(err);
    } else {
      err.println(
          LabCommand.hasMoved(args[0])
              ? "%svmoe %s is now vmoe lab %s (see vmoe lab --help)"
                  .formatted(StderrLines.COMPLAINT, args[0], args[0])
              : "%s%s%s (see %s --help)"
                  .formatted(
                      StderrLines.COMPLAINT,
                      ErrorText.of(failure),
                      suggestion(failure),
                      command.getCommandSpec().qualifiedName()));
    }
    err.flush();
    return USAGE;
  }

  private static String suggestion(ParameterException failure) {
    List<String> near =
        failure instanceof UnmatchedArgumentException unmatched
            ? unmatched.getSuggestions()
            : List.of();
    return near.isEmpty() ? "" : ", did you mean " + near.get(0) + "?";
  }
}

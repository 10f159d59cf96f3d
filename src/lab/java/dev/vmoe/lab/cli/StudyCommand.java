package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.OptionCheck;
import dev.vmoe.streams.output.Progress;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the commands of the lab share. */
abstract class StudyCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  /** Returns a progress on stderr. */
  final Progress progress() {
    return new Progress(spec.commandLine().getErr());
  }

  /** Returns where the result is printed. */
  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Prints a part of the result. */
  final void print(String text) {
    out().print(text);
    out().flush();
  }

  /** Prints a line for people that is no part of the result. */
  final void say(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(line);
    err.flush();
  }

  /** Returns the error of an option or its value. */
  final ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Rejects these options, by name, below 1; those that were not given pass. */
  final void positive(String... options) {
    for (String option : options) {
      OptionCheck.positive(spec, option, spec.findOption(option).getValue());
    }
  }

  /** Returns what the options make; an argument that it rejects is wrong usage. */
  final <T> T valid(Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }
}

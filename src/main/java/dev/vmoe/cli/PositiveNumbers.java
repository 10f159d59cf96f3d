package dev.vmoe.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Checks options that must be at least 1. */
public final class PositiveNumbers {

  private PositiveNumbers() {}

  /**
   * Checks options before anything is started.
   *
   * @param namesAndValues name and value of each option, in turn; a value is null if not given
   * @throws ParameterException if one is below 1
   */
  public static void check(CommandSpec command, @Nullable Object... namesAndValues) {
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (namesAndValues[i + 1] instanceof Number number && number.doubleValue() < 1) {
        throw new ParameterException(
            command.commandLine(), namesAndValues[i] + " " + number + " is below 1");
      }
    }
  }
}

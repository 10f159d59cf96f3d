package dev.vmoe.app.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Checks options before anything is started. */
public final class OptionCheck {

  private OptionCheck() {}

  /**
   * Checks options that must be at least 1.
   *
   * @param namesAndValues name and value of each option, in turn; a value is null if not given
   * @throws ParameterException if one is below 1
   */
  public static void positive(CommandSpec command, @Nullable Object... namesAndValues) {
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (namesAndValues[i + 1] instanceof Number number) {
        require(
            command, number.doubleValue() >= 1, namesAndValues[i] + " " + number + " is below 1");
      }
    }
  }

  /**
   * Checks a condition.
   *
   * @param otherwise says what is wrong
   * @throws ParameterException if it is not met
   */
  public static void require(CommandSpec command, boolean met, String otherwise) {
    if (!met) {
      throw new ParameterException(command.commandLine(), otherwise);
    }
  }
}

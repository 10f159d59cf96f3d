package dev.vmoe.app.cli;

import java.util.List;

/**
 * Adds commands to {@code vmoe} from another jar, found by {@link java.util.ServiceLoader}. They
 * are listed after the built-in ones, in this order.
 */
@FunctionalInterface
public interface CommandProvider {

  /** Returns classes annotated with {@link picocli.CommandLine.Command}. */
  List<Class<?>> commands();
}

package dev.vmoe.app.cli;

import java.util.List;

/** Adds commands to {@code vmoe lab}: the lab's jar has one for {@link java.util.ServiceLoader}. */
@FunctionalInterface
public interface CommandProvider {

  /** Returns classes annotated with {@link picocli.CommandLine.Command}. */
  List<Class<?>> commands();
}

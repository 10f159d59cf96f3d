package dev.vmoe;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How tests start a JVM of their own: small, and soon at work. */
public final class ChildCommand {

  private ChildCommand() {}

  /**
   * Returns the words before the arguments of a main class of this class path.
   *
   * @param flags of the JVM
   */
  public static List<String> of(Class<?> main, String... flags) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    return command;
  }
}

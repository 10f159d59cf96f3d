package dev.vmoe.lab.peers;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * Makes what the Flink peer needs, when it is asked for: its libraries, which Maven fetches from
 * its repository, and the classes in {@code src/flink}. Neither is among what this program is built
 * or runs with.
 */
public final class FlinkBuild {

  private static final String ALL_LIBRARIES = "about 90 MB the first time";

  private final Path source;
  private final Path target;
  private final String maven;

  /** Prepares in this checkout. */
  public FlinkBuild() {
    this(home(), "mvn");
  }

  private static Path home() {
    return Path.of(System.getProperty("vmoe.home", ".")).toAbsolutePath().normalize();
  }

  /** Returns where everything is put that Flink needs or writes. */
  static Path folder() {
    return folder(home());
  }

  private static Path folder(Path home) {
    return home.resolve("target").resolve("flink");
  }

  FlinkBuild(Path home, String maven) {
    this.source = home.resolve("src").resolve("flink");
    this.target = folder(home);
    this.maven = maven;
  }

  /**
   * Fetches the libraries and compiles.
   *
   * @return the class path of a process with Flink: its libraries first, then this process's
   * @throws IllegalStateException if it cannot be done here; says why
   */
  public String classPath() throws InterruptedException {
    try {
      Path classes = Files.createDirectories(target.resolve("classes"));
      String libraries = libraries();
      String all =
          String.join(
              File.pathSeparator,
              List.of(classes.toString(), libraries, System.getProperty("java.class.path")));
      compile(classes, all);
      return all;
    } catch (IOException e) {
      throw new IllegalStateException("the peer flink cannot be built in " + target + ": " + e, e);
    }
  }

  private String libraries() throws IOException, InterruptedException {
    Path log = target.resolve("maven.log");
    List<String> command =
        List.of(
            maven,
            "-B",
            "-q",
            "-f",
            source.resolve("pom.xml").toString(),
            "dependency:build-classpath");
    int code;
    try {
      code =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(Redirect.from(new File("/dev/null")))
              .redirectOutput(log.toFile())
              .start()
              .waitFor();
    } catch (IOException e) {
      throw unresolved("Maven cannot be run (" + e.getMessage() + ")", e);
    }
    if (code != 0) {
      throw unresolved(firstError(log), null);
    }
    return Files.readString(target.resolve("class-path")).strip();
  }

  private static IllegalStateException unresolved(String why, @Nullable Exception cause) {
    return new IllegalStateException(
        String.format(
            "the peer flink needs Apache Flink, which Maven fetches (%s): %s; or leave it out of"
                + " --peers",
            ALL_LIBRARIES, why),
        cause);
  }

  private static String firstError(Path log) throws IOException {
    try (Stream<String> lines = Files.lines(log)) {
      return lines
          .filter(line -> line.startsWith("[ERROR]"))
          .map(line -> line.substring("[ERROR]".length()).strip())
          .findFirst()
          .orElse("Maven failed, see " + log);
    }
  }

  private void compile(Path classes, String classPath) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler == null) {
      throw new IllegalStateException(
          "the peer flink is compiled when it is asked for, and this Java has no compiler: use a"
              + " JDK, or leave it out of --peers");
    }
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager files =
            compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8);
        Stream<Path> found = Files.walk(source.resolve("java"))) {
      List<Path> sources = found.filter(file -> file.toString().endsWith(".java")).toList();
      List<String> options =
          List.of("-proc:none", "-nowarn", "-d", classes.toString(), "-cp", classPath);
      if (!compiler
          .getTask(said, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
          .call()) {
        throw new IllegalStateException("the peer flink cannot be compiled: " + said);
      }
    }
  }
}

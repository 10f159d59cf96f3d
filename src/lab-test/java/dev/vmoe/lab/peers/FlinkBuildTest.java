package dev.vmoe.lab.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code --peers flink} says where Flink cannot be had. */
class FlinkBuildTest {

  @TempDir private Path home;

  @Test
  void shouldSayInOneLineThatItCannotBeFetched() throws Exception {
    Path maven =
        script(
            """
            echo "[ERROR] Could not transfer artifact org.apache.flink:flink-core: no route to host"
            echo "[ERROR] To see the full stack trace, …"
            exit 1
            """);

    assertThatThrownBy(() -> new FlinkBuild(home, maven.toString()).classPath())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "the peer flink needs Apache Flink, which Maven fetches (about 90 MB the first time):"
                + " Could not transfer artifact org.apache.flink:flink-core: no route to host; or"
                + " leave it out of --peers");
  }

  @Test
  void shouldSayThatThereIsNoMaven() {
    assertThatThrownBy(() -> new FlinkBuild(home, home.resolve("mvn").toString()).classPath())
        .hasMessageContaining("Maven cannot be run")
        .hasMessageContaining("leave it out of --peers");
  }

  @Test
  void shouldCompileWithTheLibrariesThatMavenNames() throws Exception {
    Path sources = Files.createDirectories(home.resolve("src/flink/java"));
    Files.writeString(sources.resolve("Some.java"), "class Some extends dev.vmoe.lab.Lab {}");
    Path maven = script("echo /libraries/flink.jar > " + home.resolve("target/flink/class-path"));
    FlinkBuild build = new FlinkBuild(home, maven.toString());

    assertThatThrownBy(build::classPath)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("cannot be compiled")
        .hasMessageContaining("dev.vmoe.lab");

    Files.writeString(
        sources.resolve("Some.java"), "class Some { dev.vmoe.lab.peers.FlinkSetup setup; }");
    assertThat(build.classPath())
        .startsWith(home.resolve("target/flink/classes") + ":/libraries/flink.jar:")
        .endsWith(System.getProperty("java.class.path"));
    assertThat(home.resolve("target/flink/classes/Some.class")).exists();
  }

  private Path script(String text) throws Exception {
    Path script = Files.writeString(home.resolve("maven"), "#!/bin/sh\n" + text);
    return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
  }
}

package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A process in the network talks to this one; it is cut off, and let through again. */
@Timeout(60)
class InstanceNetworkTest {

  /** Each word is sent 50 ms after the last one. */
  private static final int SILENCE_MS = 1_000;

  @Test
  void shouldLetPacketsVanishUntilItIsHealed() throws Exception {
    try (InstanceNetwork network = network();
        ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName(network.host()))) {
      Process talker = talker(network, server);
      server.setSoTimeout(20_000);
      try (Socket connection = server.accept()) {
        connection.setSoTimeout(SILENCE_MS);
        InputStream in = connection.getInputStream();
        assertThat(in.read()).isPositive();

        network.cut(1);
        assertThat(isSilent(in)).isTrue();
        assertThat(talker.isAlive()).isTrue();

        network.heal(1);
        connection.setSoTimeout(20_000);
        assertThat(in.read()).isPositive();
      } finally {
        talker.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  void shouldLeaveNothingBehind() throws Exception {
    String host;
    try (InstanceNetwork network = network()) {
      host = network.host();
      network.prefix(3);
      assertThat(addresses()).contains(host);
      assertThat(namespaces()).hasSize(2);
    }

    assertThat(addresses()).doesNotContain(host);
    assertThat(namespaces()).isEmpty();
  }

  @Test
  void shouldTakeNoInstanceOnceItIsClosed() {
    InstanceNetwork network = network();
    network.close();

    assertThatCode(() -> network.prefix(1)).hasMessageContaining("the network is removed");
    assertThatCode(network::close).doesNotThrowAnyException();
  }

  private static InstanceNetwork network() {
    try {
      return InstanceNetwork.open();
    } catch (IllegalStateException e) {
      return abort(e.getMessage());
    }
  }

  private static Process talker(InstanceNetwork network, ServerSocket server) throws Exception {
    List<String> command = new ArrayList<>(network.prefix(1));
    String address = network.host() + "/" + server.getLocalPort();
    command.addAll(
        List.of(
            "bash",
            "-c",
            "exec 3<>/dev/tcp/" + address + "; while echo word >&3; do sleep 0.05; done"));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(Redirect.DISCARD)
        .start();
  }

  /** Reads until nothing comes for a while; returns false if something always comes, or the end. */
  private static boolean isSilent(InputStream in) throws Exception {
    byte[] words = new byte[100];
    for (int i = 0; i < 200; i++) {
      try {
        if (in.read(words) < 0) {
          return false;
        }
      } catch (SocketTimeoutException e) {
        return true;
      }
    }
    return false;
  }

  private static List<String> addresses() throws Exception {
    return NetworkInterface.networkInterfaces()
        .flatMap(it -> it.getInterfaceAddresses().stream())
        .map(InterfaceAddress::getAddress)
        .map(InetAddress::getHostAddress)
        .toList();
  }

  /** Returns the namespaces that this process has made. */
  private static List<String> namespaces() throws Exception {
    Path folder = Path.of("/run/netns");
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("vf" + ProcessHandle.current().pid() + "-"))
          .toList();
    }
  }
}

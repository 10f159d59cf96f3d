package dev.vmoe.lab.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A network between this machine and its instances, each of which has a network namespace of Linux
 * with a cable to one bridge. A cable that is pulled out of the bridge lets packets vanish in both
 * directions; connections stay open, and nobody is told.
 *
 * <p>It needs root, and the command {@code ip}. What it made is removed when it is closed, or when
 * this JVM ends. Safe for use by several threads.
 *
 * <pre>
 * this machine: brokers, registry          instance-N
 * 198.18.S.1 = bridge ── cable N ════════ eth0 = 198.18.S.(10+N)
 * </pre>
 */
final class InstanceNetwork implements AutoCloseable {

  /** RFC 2544 keeps 198.18.0.0/15 for benchmarks. */
  private static final String SUBNET = "198.18.%d.";

  private static final int FIRST = 10;
  private static final int MAX_INSTANCES = 200;

  /** Of locally administered devices. */
  private static final String BRIDGE_MAC = "02:76:66:00:00:01";

  private final String bridge = "vf" + ProcessHandle.current().pid();
  private final String subnet = SUBNET.formatted(ThreadLocalRandom.current().nextInt(256));
  private final Set<Integer> joined = new HashSet<>();
  private final Thread atExit = new Thread(this::remove, "instance-network-exit");
  private boolean removed;

  private InstanceNetwork() {}

  /**
   * Makes a network without instances.
   *
   * @throws IllegalStateException if this system or user cannot have one
   */
  static InstanceNetwork open() {
    InstanceNetwork network = new InstanceNetwork();
    Runtime.getRuntime().addShutdownHook(network.atExit);
    try {
      String name = network.bridge;
      ip("link", "add", name, "address", BRIDGE_MAC, "type", "bridge");
      ip("address", "add", network.host() + "/24", "dev", name);
      ip("link", "set", name, "up");
      network.join(0); // shows that there can be namespaces
      return network;
    } catch (IllegalStateException e) {
      network.close();
      throw new IllegalStateException(
          "the fault network needs root, network namespaces of Linux and the command ip (package"
              + " iproute2); or leave it out of --faults: "
              + e.getMessage(),
          e);
    }
  }

  /** Returns the address of this machine in the network. */
  String host() {
    return subnet + 1;
  }

  /**
   * Returns what to put before a command, so that its process is in the network as this instance.
   */
  List<String> prefix(int number) {
    join(number);
    // and not "ip netns exec", which hides control groups
    return List.of("nsenter", "--net=/run/netns/" + namespace(number));
  }

  private synchronized void join(int number) {
    if (number >= MAX_INSTANCES || removed) {
      throw new IllegalStateException(
          removed ? "the network is removed" : "no address for instance " + number);
    }
    if (!joined.add(number)) {
      return;
    }
    String space = namespace(number);
    String address = subnet + (FIRST + number);
    String mac = "02:76:66:00:01:%02x".formatted(number);
    ip("netns", "add", space);
    ip(
        List.of("link", "add", cable(number), "type", "veth"),
        List.of("peer", "name", "eth0", "address", mac, "netns", space));
    ip("-n", space, "link", "set", "lo", "up");
    ip("-n", space, "address", "add", address + "/24", "dev", "eth0");
    ip("-n", space, "link", "set", "eth0", "up");
    // as behind a router: a cable that is pulled out is seen by nobody who asks for an address
    neighbor(List.of("-n", space), host(), BRIDGE_MAC, "eth0");
    neighbor(List.of(), address, mac, bridge);
    ip("link", "set", cable(number), "master", bridge, "up");
  }

  private static void neighbor(List<String> where, String address, String mac, String device) {
    ip(
        where,
        List.of("neighbor", "add", address, "lladdr", mac, "nud", "permanent", "dev", device));
  }

  /** Cuts an instance off: packets to it and from it vanish. */
  void cut(int number) {
    ip("link", "set", cable(number), "nomaster");
  }

  /** Lets packets through again. */
  void heal(int number) {
    ip("link", "set", cable(number), "master", bridge);
  }

  private String namespace(int number) {
    return bridge + "-" + number;
  }

  private String cable(int number) {
    return bridge + "c" + number;
  }

  private static void ip(String... arguments) {
    ip(List.of(arguments), List.of());
  }

  private static void ip(List<String> first, List<String> then) {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(first);
    command.addAll(then);
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      if (code != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + said.strip());
      }
    } catch (IOException e) {
      throw new IllegalStateException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted: " + String.join(" ", command), e);
    }
  }

  private synchronized void remove() {
    if (removed) {
      return;
    }
    removed = true;
    for (int number : joined) {
      tryIp("link", "delete", cable(number));
      tryIp("netns", "delete", namespace(number));
    }
    tryIp("link", "delete", bridge);
  }

  /** Goes on with the rest where one thing is not there. */
  private static void tryIp(String... arguments) {
    try {
      ip(arguments);
    } catch (IllegalStateException e) {
      // never made, or gone with its other end
    }
  }

  @Override
  public void close() {
    remove();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // the JVM is ending, and the hook does the same
    }
  }
}

package dev.vmoe.lab.faults;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The control group, network and clocks in which the instances of a plan are started. Each is null
 * where no fault of the plan needs it.
 */
record InstanceSurroundings(
    @Nullable MemoryGroup memory,
    @Nullable InstanceNetwork network,
    @Nullable InstanceClocks clocks)
    implements AutoCloseable {

  private static final String LOOPBACK = "127.0.0.1";

  /**
   * Makes what the plan needs.
   *
   * @param folder for files
   * @throws IllegalStateException if this system or user cannot have it
   */
  static InstanceSurroundings of(FaultsPlan plan, Path folder) throws IOException {
    InstanceClocks clocks =
        plan.weights().containsKey(FaultKind.CLOCK) ? InstanceClocks.in(folder) : null;
    MemoryGroup memory =
        plan.instanceMebibytes() == 0 ? null : MemoryGroup.of(plan.instanceMebibytes());
    try {
      return new InstanceSurroundings(
          memory,
          plan.weights().containsKey(FaultKind.NETWORK) ? InstanceNetwork.open() : null,
          clocks);
    } catch (IllegalStateException e) {
      if (memory != null) {
        memory.close();
      }
      throw e;
    }
  }

  /** Returns the address by which instances reach brokers and registry. */
  String host() {
    return network == null ? LOOPBACK : network.host();
  }

  /** Returns what to put before the command that starts an instance; empty for nothing. */
  List<String> prefix(int number) {
    List<String> prefix = new ArrayList<>();
    if (memory != null) {
      prefix.addAll(memory.prefix());
    }
    if (network != null) {
      prefix.addAll(network.prefix(number));
    }
    if (clocks != null) {
      prefix.addAll(clocks.prefix(number));
    }
    return prefix;
  }

  /** Returns the most memory that the instances had, in mebibytes; 0 without a limit. */
  double peakMebibytes() throws IOException {
    return memory == null ? 0 : memory.peakMebibytes();
  }

  /** Removes what was made, once the instances have ended. */
  @Override
  public void close() throws IOException {
    if (network != null) {
      network.close();
    }
    if (memory != null) {
      memory.close();
    }
  }
}

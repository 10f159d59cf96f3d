package dev.vmoe.doctor;

import com.sun.management.OperatingSystemMXBean;
import dev.vmoe.batch.BufferRoom;
import dev.vmoe.settings.Settings;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

/** The machine or container: memory, the directories that libraries unpack into, the port. */
final class MachineCheck {

  private static final long MIB = 1 << 20;

  /**
   * An instance with the bundled model was 760 MiB large after 1,000 photographs: heap 512, model
   * 14, and this for code, threads, natives and the runtime's arenas.
   */
  private static final long OTHER_BYTES = 234 * MIB;

  /** What ONNX Runtime unpacks at each start: 28 MB. */
  private static final long TEMPORARY_BYTES = 32 * MIB;

  /** What OpenCV and OpenBLAS are unpacked to once: 120 MB. */
  private static final long NATIVES_BYTES = 128 * MIB;

  private final Settings settings;
  private final long modelBytes;

  /**
   * Creates a look.
   *
   * @param modelBytes bytes of the model's files
   */
  MachineCheck(Settings settings, long modelBytes) {
    this.settings = settings;
    this.modelBytes = modelBytes;
  }

  void into(Findings findings) {
    OperatingSystemMXBean machine =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    lookAtMemory(
        Runtime.getRuntime().maxMemory(),
        BufferRoom.ofThisJvm(),
        machine.getTotalMemorySize(),
        findings);
    if (System.getProperty("onnxruntime.native.path") == null) {
      lookAtUnpacking(findings);
    }
    lookAtPort(findings);
  }

  /** Looks at where libraries unpack their natives, unless they lie unpacked already. */
  private void lookAtUnpacking(Findings findings) {
    lookAtDirectory(
        "temporary directory",
        Path.of(System.getProperty("java.io.tmpdir", "/tmp")),
        TEMPORARY_BYTES,
        "java.io.tmpdir",
        findings);
    lookAtDirectory(
        "native libraries",
        Path.of(
            System.getProperty(
                "org.bytedeco.javacpp.cachedir",
                Path.of(System.getProperty("user.home", "."), ".javacpp", "cache").toString())),
        NATIVES_BYTES,
        "org.bytedeco.javacpp.cachedir",
        findings);
  }

  /**
   * Compares what may be taken with what there is.
   *
   * @param limitBytes memory of the container, or else of the machine
   */
  void lookAtMemory(long heapBytes, long directBytes, long limitBytes, Findings findings) {
    long needed = heapBytes + directBytes + modelBytes;
    String sum =
        "heap %d + outside the heap %d + model %d = %d MiB of %d MiB"
            .formatted(
                heapBytes / MIB,
                directBytes / MIB,
                modelBytes / MIB,
                needed / MIB,
                limitBytes / MIB);
    String advice = "lower VMOE_HEAP or VMOE_DIRECT_MEMORY, or give the container more";
    if (needed > limitBytes) {
      findings.failed("memory", sum + ": it would be killed once it takes them", advice);
    } else if (needed + OTHER_BYTES > limitBytes) {
      findings.warning(
          "memory",
          sum + ": less than " + OTHER_BYTES / MIB + " MiB are left for code, threads and runtime",
          advice);
    } else {
      findings.ok("memory", sum);
    }
  }

  private static void lookAtDirectory(
      String subject, Path directory, long neededBytes, String property, Findings findings) {
    Path there = directory.toAbsolutePath();
    while (Files.notExists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    String advice =
        "make it a directory that this user may write to, or name another: VMOE_JAVA_OPTS=-D"
            + property
            + "=…";
    if (!Files.isDirectory(there)) {
      findings.failed(subject, directory + " cannot be made: " + there + " is none", advice);
      return;
    }
    if (!Files.isWritable(there)) {
      findings.failed(subject, there + " may not be written to", advice);
      return;
    }
    try {
      long free = Files.getFileStore(there).getUsableSpace();
      String space = directory + ", " + free / MIB + " MiB free";
      if (free < neededBytes) {
        findings.warning(
            subject, space + "; libraries may need " + neededBytes / MIB, "make room there");
      } else {
        findings.ok(subject, space);
      }
    } catch (IOException e) {
      findings.warning(subject, directory + ": its space cannot be read: " + Reason.of(e), advice);
    }
  }

  private void lookAtPort(Findings findings) {
    String host = settings.getString(Settings.CONSOLE_HOST);
    int port = settings.getInt(Settings.CONSOLE_PORT);
    if (port < 0) {
      findings.ok("console", "none (console.port = -1)");
      return;
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
      findings.ok("console", port == 0 ? host + ", any free port" : host + ":" + port + " is free");
    } catch (IOException e) {
      findings.failed(
          "console",
          "nobody can listen at " + host + ":" + port + ": " + Reason.of(e),
          "stop what does, maybe another instance; or set console.port (0: any, -1: none) or"
              + " console.host");
    }
  }
}

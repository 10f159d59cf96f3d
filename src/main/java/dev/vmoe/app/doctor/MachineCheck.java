package dev.vmoe.app.doctor;

import dev.vmoe.core.batch.OffHeapMemory;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks the machine or container: memory, directories that libraries unpack into, port. */
final class MachineCheck {

  private static final long MIB = 1 << 20;

  /** Bytes that a pixel of a large image takes: of a progressive JPEG, while it is decoded. */
  private static final long BYTES_PER_PIXEL = 9;

  /** ONNX Runtime unpacks 28 MB at each start. */
  private static final long TEMPORARY_BYTES = 32 * MIB;

  /** OpenCV and OpenBLAS unpack 120 MB once. */
  private static final long NATIVES_BYTES = 128 * MIB;

  private final Settings settings;
  private final long modelBytes;

  /**
   * Creates a check.
   *
   * @param modelBytes bytes of the model's files
   */
  MachineCheck(Settings settings, long modelBytes) {
    this.settings = settings;
    this.modelBytes = modelBytes;
  }

  void into(Findings findings) {
    OffHeapMemory memory = OffHeapMemory.ofThisJvm();
    checkMemory(memory.heapBytes(), memory.directBytes(), memory.limitBytes(), findings);
    checkDecoding(settings.decodeMaxBytes(modelBytes), memory.leftBytes(modelBytes), findings);
    if (System.getProperty("onnxruntime.native.path") == null) {
      checkUnpacking(findings);
    }
    checkPort(findings);
  }

  /** Checks the directories that native libraries are unpacked to. */
  private void checkUnpacking(Findings findings) {
    checkDirectory(
        "temporary directory",
        Path.of(System.getProperty("java.io.tmpdir", "/tmp")),
        TEMPORARY_BYTES,
        "java.io.tmpdir",
        findings);
    checkDirectory(
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
   * Compares the memory that an instance may use with the limit.
   *
   * @param limitBytes memory of the container, else of the machine
   */
  void checkMemory(long heapBytes, long directBytes, long limitBytes, Findings findings) {
    long needed = heapBytes + directBytes + modelBytes;
    String sum =
        "heap %d + outside the heap %d + model %d = %d MiB of %d MiB"
            .formatted(
                heapBytes / MIB,
                directBytes / MIB,
                modelBytes / MIB,
                needed / MIB,
                limitBytes / MIB);
    String advice = "lower VMOE_HEAP or VMOE_DIRECT_MEMORY, or give the container more memory";
    if (needed > limitBytes) {
      findings.failed("memory", sum + ": an instance would be killed once it uses them", advice);
    } else if (needed + OffHeapMemory.OTHER_BYTES > limitBytes) {
      findings.warning(
          "memory",
          sum
              + ": less than "
              + OffHeapMemory.OTHER_BYTES / MIB
              + " MiB are left for code, threads and runtime",
          advice);
    } else {
      findings.ok("memory", sum);
    }
  }

  /**
   * Compares what decoding may take with what is left for it, and with the largest image.
   *
   * @param maxBytes what all images may take that are being decoded
   * @param leftBytes what heap, buffers, model and the rest leave
   */
  void checkDecoding(long maxBytes, long leftBytes, Findings findings) {
    long largest = BYTES_PER_PIXEL * settings.getLong(Settings.IMAGE_MAX_PIXELS);
    String sum =
        "images may take %d MiB while they are decoded, of %d MiB left; the largest take %d MiB"
            .formatted(maxBytes / MIB, leftBytes / MIB, largest / MIB);
    if (maxBytes > leftBytes) {
      findings.warning(
          "decoding",
          sum + ": large images may get the instance killed",
          "lower decode.max.bytes, VMOE_HEAP or VMOE_DIRECT_MEMORY, or give the container more"
              + " memory");
    } else if (largest > maxBytes) {
      findings.warning(
          "decoding",
          sum + ": the largest images become dead letters",
          "lower image.max.pixels, raise decode.max.bytes, or give the container more memory");
    } else {
      findings.ok("decoding", sum);
    }
  }

  private static void checkDirectory(
      String subject, Path directory, long neededBytes, String property, Findings findings) {
    Path there = directory.toAbsolutePath();
    while (Files.notExists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    String advice =
        "make it a directory that this user may write to, or set another: VMOE_JAVA_OPTS=-D"
            + property
            + "=…";
    if (!Files.isDirectory(there)) {
      findings.failed(
          subject, directory + " cannot be made: " + there + " is not a directory", advice);
      return;
    }
    if (!Files.isWritable(there)) {
      findings.failed(subject, "this user may not write to " + there, advice);
      return;
    }
    try {
      long free = Files.getFileStore(there).getUsableSpace();
      String space = directory + ", " + free / MIB + " MiB free";
      if (free < neededBytes) {
        findings.warning(
            subject,
            space + "; libraries may need " + neededBytes / MIB + " MiB",
            "free some space there");
      } else {
        findings.ok(subject, space);
      }
    } catch (IOException e) {
      findings.warning(
          subject,
          directory + ": its free space cannot be read: " + ErrorText.withCause(e),
          advice);
    }
  }

  private void checkPort(Findings findings) {
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
          "the console cannot listen at " + host + ":" + port + ": " + ErrorText.withCause(e),
          "stop the process that does, maybe another instance; or set console.port (0: any free,"
              + " -1: no console) or console.host");
    }
  }
}

package dev.vmoe.core.inference;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a session is asked to run on.
 *
 * @param kind kind of device
 * @param index which of several GPUs; 0 for a CPU
 */
public record Device(Kind kind, int index) {

  /** Kinds of devices. */
  public enum Kind {
    /** A GPU if ONNX Runtime can use one here, else the CPU. */
    AUTO,
    /** The CPU. */
    CPU,
    /** A GPU, and nothing else. */
    CUDA
  }

  /** The CPU. */
  public static final Device CPU = new Device(Kind.CPU, 0);

  private static final Pattern CUDA_LABEL = Pattern.compile("cuda(?::(\\d{1,3}))?");

  /**
   * Returns the device that a setting names: {@code auto}, {@code cpu}, {@code cuda}, or a certain
   * GPU as {@code cuda:1}.
   *
   * @throws IllegalArgumentException if it names none
   */
  public static Device ofLabel(String label) {
    if (label.equals("auto")) {
      return new Device(Kind.AUTO, 0);
    }
    if (label.equals("cpu")) {
      return CPU;
    }
    Matcher cuda = CUDA_LABEL.matcher(label);
    if (!cuda.matches()) {
      throw new IllegalArgumentException(
          "device '" + label + "' is none of auto, cpu, cuda, cuda:N");
    }
    return new Device(Kind.CUDA, cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1)));
  }

  /** Returns the name that settings, logs and metrics have for it. */
  public String label() {
    return switch (kind) {
      case AUTO -> "auto";
      case CPU -> "cpu";
      case CUDA -> "cuda:" + index;
    };
  }

  @Override
  public String toString() {
    return label();
  }
}

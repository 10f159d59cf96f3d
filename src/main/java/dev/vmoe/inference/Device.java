package dev.vmoe.inference;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession.SessionOptions;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a model runs.
 *
 * @param gpu number of the GPU, or -1 for the CPU
 */
record Device(int gpu) {

  private static final Device CPU = new Device(-1);
  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

  /**
   * Understands a setting.
   *
   * @param setting {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
   * @param available what the loaded ONNX Runtime was built with
   * @throws IllegalArgumentException if there is no such device; never falls back to another
   */
  static Device choose(String setting, Set<OrtProvider> available) {
    boolean cuda = available.contains(OrtProvider.CUDA);
    switch (setting) {
      case "cpu":
        return CPU;
      case "auto":
        return cuda ? new Device(0) : CPU;
      default:
        Matcher matcher = CUDA.matcher(setting);
        if (!matcher.matches()) {
          throw new IllegalArgumentException(
              "device '" + setting + "' is none of auto, cpu, cuda:N");
        }
        if (!cuda) {
          throw new IllegalArgumentException(
              "device is "
                  + setting
                  + ", but this ONNX Runtime is built for "
                  + available
                  + ": build with mvn -Pcuda, or set device = cpu");
        }
        return new Device(matcher.group(1) == null ? 0 : Integer.parseInt(matcher.group(1)));
    }
  }

  void addTo(SessionOptions options) throws OrtException {
    if (gpu >= 0) {
      options.addCUDA(gpu);
    }
  }

  @Override
  public String toString() {
    return gpu < 0 ? "cpu" : "cuda:" + gpu;
  }
}

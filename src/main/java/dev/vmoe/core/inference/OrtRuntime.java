package dev.vmoe.core.inference;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** ONNX Runtime as this project sets it up: one environment, options by device. */
public final class OrtRuntime {

  private static final Logger log = LoggerFactory.getLogger(OrtRuntime.class);

  /** Read by ONNX Runtime before any Java code could tell it otherwise. */
  private static final String NO_TELEMETRY = "ORT_DISABLE_TELEMETRY";

  private OrtRuntime() {}

  /** Returns the environment of this process. */
  public static OrtEnvironment environment() {
    OrtEnvironment environment =
        OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
    try {
      environment.setTelemetry(false);
    } catch (OrtException e) {
      throw new InferenceException("cannot switch off ONNX Runtime's telemetry", e);
    }
    if (System.getenv(NO_TELEMETRY) == null) {
      log.warn(
          "{} is not set: ONNX Runtime may have reported its start to its maker", NO_TELEMETRY);
    }
    return environment;
  }

  /**
   * Returns the options of a session; the caller closes them.
   *
   * @throws InferenceException if a GPU is asked for that this runtime cannot use
   */
  public static OrtSession.SessionOptions options(Device device, SessionSettings settings)
      throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    try {
      options.setIntraOpNumThreads(settings.poolThreads());
      options.addConfigEntry("session.intra_op.allow_spinning", settings.spinning() ? "1" : "0");
      options.addConfigEntry("session.force_spinning_stop", "1"); // at the end of a run
      if (device.kind() == Device.Kind.CUDA) {
        addCuda(options, device);
      }
      if (settings.profile().isPresent()) {
        options.enableProfiling(settings.profile().get().toString());
      }
      return options;
    } catch (OrtException | RuntimeException e) {
      options.close();
      throw e;
    }
  }

  private static void addCuda(OrtSession.SessionOptions options, Device device) {
    try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(device.index())) {
      cuda.add("use_tf32", "0"); // its 10-bit products would choose other experts than fp32
      options.addCUDA(cuda);
    } catch (OrtException e) {
      throw new InferenceException(
          String.format(
              "device %s cannot be used: this ONNX Runtime has the providers %s",
              device, OrtEnvironment.getAvailableProviders()),
          e);
    }
  }

  /** Returns the version, and the execution provider of a device. */
  static String on(OrtEnvironment environment, Device device) {
    OrtProvider provider = device.kind() == Device.Kind.CUDA ? OrtProvider.CUDA : OrtProvider.CPU;
    return "ONNX Runtime " + environment.getVersion() + ", " + provider.getName();
  }
}

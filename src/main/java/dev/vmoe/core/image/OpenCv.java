package dev.vmoe.core.image;

import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;

/** The native OpenCV libraries of this process: loaded once, set up for many decoding threads. */
public final class OpenCv {

  static {
    // JavaCPP by default collects garbage, waits, and then throws OutOfMemoryError once the whole
    // process is larger than four times the heap, which a model's weights alone can reach.
    setUnlessGiven("org.bytedeco.javacpp.maxBytes", "0");
    setUnlessGiven("org.bytedeco.javacpp.maxPhysicalBytes", "0");
    // every native object here is closed by its owner
    setUnlessGiven("org.bytedeco.javacpp.noPointerGC", "true");
    opencv_core.setNumThreads(1);
    opencv_core.setUseOpenCL(false);
    Loader.load(opencv_imgcodecs.class);
  }

  /** How OpenCV says that an allocation failed: its error code, or that of C++. */
  private static final List<String> OUT_OF_MEMORY = List.of("(-4:", "std::bad_alloc");

  private OpenCv() {}

  /** Loads the libraries, once. */
  public static void load() {}

  /** Returns whether a C++ exception says that there was no memory. */
  static boolean isOutOfMemory(RuntimeException e) {
    String message = String.valueOf(e.getMessage());
    return OUT_OF_MEMORY.stream().anyMatch(message::contains);
  }

  /**
   * Checks that so many bytes can be allocated outside the heap now.
   *
   * @throws OutOfMemoryError if they cannot
   */
  static void requireMemory(long bytes) {
    new BytePointer(bytes).close();
  }

  private static void setUnlessGiven(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }
}

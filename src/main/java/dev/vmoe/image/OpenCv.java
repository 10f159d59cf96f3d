package dev.vmoe.image;

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

  private OpenCv() {}

  /** Loads the libraries, once. */
  public static void load() {}

  private static void setUnlessGiven(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }
}

package dev.vmoe.core.model;

/**
 * The kind of device a graph is built to be fast on. No graph needs that device: on the CPU, where
 * the tests run them, all say the same.
 */
public enum Target {
  /**
   * Experts on exactly the rows that claimed slots; layer norm from simple operators, which are
   * vectorised where ONNX Runtime's own is not.
   */
  CPU,
  /**
   * Experts as two batched products over C slots each, so that no shape depends on data and the
   * stream never waits; layer norm as one kernel.
   */
  CUDA
}

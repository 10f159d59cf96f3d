package dev.vmoe.core.moe;

/**
 * The outputs of a model's graph, by their names in the file. A dense model has {@link #LOGITS} and
 * {@link #FEATURES}, an imported ONNX classifier the logits alone.
 *
 * <p>Axes: B images, T tokens an image, L MoE layers, E experts.
 */
public enum GraphOutput {
  /** (B, classes) float. */
  LOGITS("logits"),
  /** (B, F) float: what the last layer makes the logits of. */
  FEATURES("features"),
  /** (B, L, E) int32: choices of an image's tokens before capacity. */
  ASSIGNED("assigned"),
  /** (B, L, E) int32: choices that found a slot. */
  DISPATCHED("dispatched"),
  /** (B, L, E) float: summed routing weight of the choices that found a slot. */
  GATE_SUM("gate_sum"),
  /** (B, L, E) float: summed gates before top-K. */
  IMPORTANCE("importance"),
  /** (B, L) int32: tokens that no expert processed. */
  SKIPPED("skipped"),
  /** (B, L, T) int8: of each token, the choices that found a slot. */
  KEPT("kept");

  private final String label;

  GraphOutput(String label) {
    this.label = label;
  }

  /** Returns the name in the file. */
  public String label() {
    return label;
  }
}

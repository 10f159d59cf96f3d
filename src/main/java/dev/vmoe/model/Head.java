package dev.vmoe.model;

import dev.vmoe.onnx.Value;

/**
 * The last block's tokens to logits: normalise, read the class token or the mean, classify.
 *
 * <p>Axes: B images, T tokens an image, D hidden size.
 */
final class Head {

  private Head() {}

  /**
   * Returns the logits, (B, classes).
   *
   * @param tokens (B·T, D)
   */
  static Value of(Value tokens, VmoeArchitecture a, Parameters model, Form form) {
    int d = a.hiddenSize();
    Value read = read(tokens.reshape(-1, a.tokensPerImage(), d), a, model, form);
    int width = d;
    if (a.preLogitsSize() > 0) {
      width = a.preLogitsSize();
      read =
          Dense.of(
                  read,
                  model.get("pre_logits/kernel", d, width),
                  model.get("pre_logits/bias", width),
                  form)
              .tanh();
    }
    Value logits =
        Dense.of(
            read,
            model.get("head/kernel", width, a.numClasses()),
            model.get("head/bias", a.numClasses()),
            form);
    return form.precision().inFull(logits);
  }

  /** Returns what the head reads, (B, D). Each token is normalised alone: one token, one norm. */
  private static Value read(Value tokens, VmoeArchitecture a, Parameters model, Form form) {
    Parameters norm = model.in("Encoder/encoder_norm");
    return switch (a.classifier()) {
      case TOKEN -> Norm.of(tokens.at(1, 0), a, norm, form);
      case GAP -> Norm.of(tokens, a, norm, form).mean(1).squeeze(1);
    };
  }
}

package dev.vmoe.model;

import dev.vmoe.onnx.Value;
import java.util.List;

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
    int width = d * Math.max(1, a.classifier().tokens());
    if (a.preLogitsSize() > 0) {
      read =
          Dense.of(
                  read,
                  model.get("pre_logits/kernel", width, a.preLogitsSize()),
                  model.get("pre_logits/bias", a.preLogitsSize()),
                  form)
              .tanh();
      width = a.preLogitsSize();
    }
    Value logits =
        Dense.of(
            read,
            model.get("head/kernel", width, a.numClasses()),
            model.get("head/bias", a.numClasses()),
            form);
    return form.precision().inFull(logits);
  }

  /**
   * Returns what the head reads, (B, D), or (B, 2·D) of two tokens. Each token is normalised alone:
   * one token, one norm.
   */
  private static Value read(Value tokens, VmoeArchitecture a, Parameters model, Form form) {
    Parameters norm = model.in("Encoder/encoder_norm");
    return switch (a.classifier()) {
      case TOKEN -> Norm.of(tokens.at(1, 0), a, norm, form);
      case DISTILLED -> {
        List<Value> both = List.of(tokens.at(1, 0), tokens.at(1, 1));
        yield Norm.of(tokens.graph().stack(1, both), a, norm, form)
            .reshape(-1, 2L * a.hiddenSize());
      }
      case GAP -> Norm.of(tokens, a, norm, form).mean(1).squeeze(1);
    };
  }
}

package dev.vmoe.core.model;

import dev.vmoe.core.onnx.Value;
import java.util.List;

/**
 * The last block's tokens to features to logits: normalise, read the class token or the mean,
 * classify.
 *
 * <p>Axes: B images, T tokens an image, D hidden size, F length of the features.
 */
final class Head {

  private Head() {}

  /**
   * Returns what the logits are made of, (B, F).
   *
   * @param tokens (B·T, D)
   */
  static Value features(Value tokens, VmoeArchitecture a, Parameters model, Form form) {
    int d = a.hiddenSize();
    Value read = read(tokens.reshape(-1, a.tokensPerImage(), d), a, model, form);
    int width = a.featuresLength();
    return a.preLogitsSize() == 0
        ? read
        : ProductRows.dense(
                read,
                model.get("pre_logits/kernel", d * Math.max(1, a.classifier().tokens()), width),
                model.get("pre_logits/bias", width),
                form)
            .tanh();
  }

  /**
   * Returns the logits, (B, classes).
   *
   * @param features (B, F)
   */
  static Value logits(Value features, VmoeArchitecture a, Parameters model, Form form) {
    Value logits =
        ProductRows.dense(
            features,
            model.get("head/kernel", a.featuresLength(), a.numClasses()),
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

package dev.vmoe.core.batch;

import java.util.List;

/**
 * The images of one lane in one micro-batch, in the order they were submitted.
 *
 * @param run the batch
 * @param answers one an image
 * @param <T> what the submitter attached to each image
 */
public record Share<T>(BatchRun run, List<Answer<T>> answers) {

  public Share {
    answers = List.copyOf(answers);
  }
}

package dev.vmoe.batch;

import dev.vmoe.inference.BatchResult;
import org.jspecify.annotations.Nullable;

/**
 * One micro-batch that has been run.
 *
 * @param id identifies the batch
 * @param numImages images that could be decoded
 * @param flushReason why the batch was closed
 * @param decisionReason why it ran at its operating point
 * @param result what the model said; null where no image could be decoded
 */
public record BatchRun(
    String id,
    int numImages,
    FlushReason flushReason,
    String decisionReason,
    @Nullable BatchResult result) {}

package dev.vmoe.inference;

/**
 * What the model said of one batch, and what became of each token.
 *
 * @param result what the model said
 * @param kept (B, L, T), of each token the number of choices that found a slot; empty for a dense
 *     model
 */
@SuppressWarnings("ArrayRecordComponent")
public record DetailedResult(BatchResult result, byte[] kept) {}

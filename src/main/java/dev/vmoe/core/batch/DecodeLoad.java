package dev.vmoe.core.batch;

/**
 * What decoding takes at a moment.
 *
 * @param bytes memory outside the heap of the images that are being decoded, with those that hang
 * @param hung threads that hang on an image
 */
public record DecodeLoad(long bytes, int hung) {}

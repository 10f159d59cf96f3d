package dev.vmoe.config;

/**
 * A record of the configuration topic that was refused.
 *
 * @param offset the record's offset
 * @param reason what is wrong with it, for its writer
 */
public record ConfigRefusal(long offset, String reason) {}

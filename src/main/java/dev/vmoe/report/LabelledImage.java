package dev.vmoe.report;

/**
 * An image file and the class it shows.
 *
 * @param name file name, or number within a set
 * @param encoded the file's bytes, not copied
 * @param label name of the class
 */
public record LabelledImage(String name, byte[] encoded, String label) {}

/**
 * The live configuration: a topic whose last valid record is in force on every instance.
 *
 * <pre>
 * ConfigWriter ──▶ config topic ──▶ ConfigLog ──▶ ConfigReader ──▶ LiveConfiguration ──▶ ConfigFollower
 *                                                     │
 *                                                     └──▶ ConfigHistory: which record is in force
 * </pre>
 */
@NullMarked
package dev.vmoe.streams.config;

import org.jspecify.annotations.NullMarked;

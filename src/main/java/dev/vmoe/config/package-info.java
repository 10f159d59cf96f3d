/**
 * The live configuration: a topic whose last valid record is in force on every instance.
 *
 * <pre>
 * ConfigWriter ──▶ config topic ──▶ ConfigLog ──▶ ConfigReader ──▶ LiveConfiguration ──▶ ConfigFollower
 *                                                     │
 *                                                     └──▶ ConfigHistory: which record is in force
 * </pre>
 *
 * <p>May use: {@code inference settings event metrics topics output modelstore}.
 */
@NullMarked
package dev.vmoe.config;

import org.jspecify.annotations.NullMarked;

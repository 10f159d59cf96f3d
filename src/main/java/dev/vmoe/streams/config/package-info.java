/**
 * The live configuration: a topic whose last valid record is in force on every instance.
 *
 * <pre>
 * ConfigWriter ──▶ config topic ──▶ ConfigLog ──▶ ConfigReader ──▶ ConfigEntry
 *                                                                      │
 *                     ConfigFollower (terms of the next batch) ◀── LiveConfiguration
 * </pre>
 *
 * At a start, {@code ConfigHistory} says which record is in force. Commands and checks ask it, too.
 */
@NullMarked
package dev.vmoe.streams.config;

import org.jspecify.annotations.NullMarked;

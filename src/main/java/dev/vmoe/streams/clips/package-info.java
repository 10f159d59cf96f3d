/**
 * Video: what the frames of one key say together in a window of time.
 *
 * <pre>
 * predictions ──▶ ClipTopology: ClipProcessor ──▶ clips
 *                 ClipFrame ──▶ ClipWindows ──▶ Clip
 * </pre>
 */
@NullMarked
package dev.vmoe.streams.clips;

import org.jspecify.annotations.NullMarked;

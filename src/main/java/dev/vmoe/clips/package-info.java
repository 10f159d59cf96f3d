/**
 * Video: what the frames of one key say together in a window of time.
 *
 * <pre>
 * predictions ──▶ ClipTopology: ClipProcessor ──▶ clips
 *                 ClipFrame ──▶ ClipWindows ──▶ Clip
 * </pre>
 *
 * <p>May use: {@code settings event topics output streams}.
 */
@NullMarked
package dev.vmoe.clips;

import org.jspecify.annotations.NullMarked;

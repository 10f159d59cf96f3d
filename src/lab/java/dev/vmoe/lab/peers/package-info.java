/**
 * Other ways to answer the images of a topic, as people write them without this project. {@code
 * bench pipeline} measures each beside the pipeline.
 *
 * <pre>
 *   Replay ─▶ images ─▶ Peer (its consumers ─▶ BatchWork ─▶ its producers) ─▶ predictions ─▶ Replay
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.peers;

import org.jspecify.annotations.NullMarked;

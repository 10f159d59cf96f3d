/**
 * Other ways to answer the images of a topic, as people write them without this project. {@code
 * bench pipeline} measures each beside the pipeline.
 *
 * <pre>
 *   Replay ─▶ images ─▶ Peer (its consumers ─▶ BatchWork ─▶ its producers) ─▶ predictions ─▶ Replay
 *                       FlinkPeer ─▶ FlinkProcess (the same in a process of its own)
 * </pre>
 *
 * <p>May use {@code bench} and serving.
 */
@NullMarked
package dev.vmoe.lab.peers;

import org.jspecify.annotations.NullMarked;

/**
 * Clients of the pipeline: they send images and read answers, as an application would.
 *
 * <pre>
 * ImageProducer ──▶ images … predictions ──▶ TopicReader, CommittedConsumer
 * Replay: keeps a number of images unanswered     OpenLoopClient: sends each when it is due
 * </pre>
 */
@NullMarked
package dev.vmoe.client;

import org.jspecify.annotations.NullMarked;

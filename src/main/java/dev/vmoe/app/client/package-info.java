/**
 * Clients of the pipeline: they send images and read answers, as an application would.
 *
 * <pre>
 * ImageProducer ──▶ images … predictions ──▶ TopicReader, CommittedConsumer
 * Replay: both at once, with a number of images unanswered
 * </pre>
 */
@NullMarked
package dev.vmoe.app.client;

import org.jspecify.annotations.NullMarked;

/**
 * One running instance: a {@code Pipeline} of four parts.
 *
 * <pre>
 * CommitControl what may be committed, and the schemas of what is read and written
 * BatchControl  what decides: config ──▶ LiveConfiguration ──▶ TermsInForce ◀── load ◀── LagMonitor
 * Observers     what is watched: metrics, traces, images and dead letters of the live page
 * ImagePath     what answers: Kafka Streams ──▶ Admission ──▶ MicroBatcher ──▶ Kafka Streams
 * </pre>
 *
 * {@code TermsInForce} holds settings, model, limits and controller of the next batch as one value.
 */
@NullMarked
package dev.vmoe.streams.instance;

import org.jspecify.annotations.NullMarked;

/**
 * Answers of two pipelines to the same images, held beside each other.
 *
 * <pre>
 * predictions of a ─┐
 *                   ├▶ AnswerTopics ──▶ Comparison ──▶ ComparisonResult ──▶ PairSheet
 * predictions of b ─┘                                   images ──▶ SourceImages ──┘
 * </pre>
 *
 * <p>May use: {@code image settings event picture output intake client}.
 */
@NullMarked
package dev.vmoe.comparison;

import org.jspecify.annotations.NullMarked;
